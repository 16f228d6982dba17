import { OpenEOError, ProcessException } from '../../base/errors';
import { type Arguments, LabeledArray } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { arrayItems, constantOf, type Kernel } from '../../kernel/operands';

function assertFitting(length: number, labels: readonly unknown[]): void {
  if (length === labels.length) return;
  throw new ProcessException(
    'ArrayLengthMismatch',
    `There are ${length} values for ${labels.length} labels; there have to be as many.`,
  );
}

export function run({ data, labels }: Arguments): LabeledArray {
  if (!Array.isArray(data) && !(data instanceof LabeledArray))
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'array_create_labeled',
      parameter: 'data',
      reason: 'it must be an array.',
    });
  const values = elements(data);
  const names = elements(labels) as (number | string)[];
  assertFitting(values.length, names);
  return new LabeledArray(names, values);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const labels = constantOf(args.get('labels'), undefined);
  if (!data || !labels) return undefined;
  const names = elements(labels.value) as (number | string)[];
  assertFitting(data.items.length, names);
  return { kind: 'array', items: data.items, labels: names };
};

import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, type Kernel } from '../../kernel/operands';
import { sharedLabel, withLabels } from './labelled';

type Labels = readonly (number | string)[];

function joined(one: Labels | undefined, other: Labels | undefined): Labels | undefined {
  if (!one || !other) return undefined;
  const shared = sharedLabel(one, other);
  if (shared !== undefined)
    throw new ProcessException(
      'ArrayLabelConflict',
      `Both arrays have an element with the label ${JSON.stringify(shared)}; rename one of them.`,
    );
  return [...one, ...other];
}

export function run({ array1, array2 }: Arguments): unknown {
  return withLabels(joined(labelsOf(array1), labelsOf(array2)), [...elements(array1), ...elements(array2)]);
}

export const kernel: Kernel = (args) => {
  const one = arrayItems(args.get('array1'));
  const other = arrayItems(args.get('array2'));
  if (!one || !other) return undefined;
  return {
    kind: 'array',
    items: [...one.items, ...other.items],
    labels: joined(one.labels, other.labels),
  };
};

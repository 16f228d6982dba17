import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, constant, constantOf, flagOf, type Kernel } from '../../kernel/operands';

type Labels = readonly (number | string)[];

/** The position of the wanted element; undefined when there is none and `returnsNodata` allows it. */
function position(
  length: number,
  labels: Labels | undefined,
  index: unknown,
  label: unknown,
  returnsNodata: boolean,
): number | undefined {
  if (index === null && label === null)
    throw new ProcessException(
      'ArrayElementParameterMissing',
      'Say which element, by its index or its label.',
    );
  if (index !== null && label !== null)
    throw new ProcessException('ArrayElementParameterConflict', 'Give an index or a label, not both.');
  if (label !== null && !labels)
    throw new ProcessException('ArrayNotLabeled', 'The array has no labels; use an index instead.');
  const found = label !== null ? (labels as Labels).indexOf(label as number | string) : (index as number);
  if (Number.isInteger(found) && found >= 0 && found < length) return found;
  if (returnsNodata) return undefined;
  const wanted = label !== null ? `label ${JSON.stringify(label)}` : `index ${index}`;
  throw new ProcessException('ArrayElementNotAvailable', `The array has no element with the ${wanted}.`);
}

/** An index below zero is one that no array has; null is the one of both that is not given. */
export const answers = ['index', 'label'];

export function run(args: Arguments): unknown {
  const { data, index = null, label = null } = args;
  const values = elements(data);
  const found = position(values.length, labelsOf(data), index, label, args.return_nodata === true);
  return found === undefined ? null : (values[found] ?? null);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const index = constantOf(args.get('index'), null);
  const label = constantOf(args.get('label'), null);
  const returnsNodata = flagOf(args.get('return_nodata'), false);
  if (!data || !index || !label || returnsNodata === undefined) return undefined;
  // Labels that differ from pixel to pixel are no trouble where none is asked for.
  const labels = label.value === null ? undefined : data.labels;
  const found = position(data.items.length, labels, index.value, label.value, returnsNodata);
  return found === undefined ? constant(null) : data.items[found];
};

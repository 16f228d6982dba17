import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, constantOf, type Kernel } from '../../kernel/operands';
import { sharedLabel, withLabels } from './labelled';

interface Part<T> {
  readonly items: readonly T[];
  readonly labels?: readonly (number | string)[];
}

/** @throws ProcessException `ArrayElementNotAvailable`, `ArrayLabelConflict` */
function modified<T>(data: Part<T>, values: Part<T>, index: number, length: number): Part<T> {
  if (index > data.items.length)
    throw new ProcessException(
      'ArrayElementNotAvailable',
      `The index ${index} lies beyond the end of the array, which has ${data.items.length} elements.`,
    );
  const splice = <V>(one: readonly V[], other: readonly V[]): V[] => [
    ...one.slice(0, index),
    ...other,
    ...one.slice(index + length),
  ];
  return { items: splice(data.items, values.items), labels: labelsFor(data, values, splice) };
}

function labelsFor<T>(
  data: Part<T>,
  values: Part<T>,
  splice: <V>(one: readonly V[], other: readonly V[]) => V[],
): Part<T>['labels'] {
  // An array without elements does not take the other one's labels away.
  const one = data.labels ?? (data.items.length === 0 ? [] : undefined);
  const other = values.labels ?? (values.items.length === 0 ? [] : undefined);
  if (!one || !other || (!data.labels && !values.labels)) return undefined;
  const shared = sharedLabel(one, other);
  if (shared !== undefined)
    throw new ProcessException(
      'ArrayLabelConflict',
      `Both arrays have an element with the label ${JSON.stringify(shared)}; rename one of them.`,
    );
  return splice(one, other);
}

export function run({ data, values, index, length = 0 }: Arguments): unknown {
  const part = (array: unknown) => ({ items: elements(array), labels: labelsOf(array) });
  const { items, labels } = modified(part(data), part(values), index as number, length as number);
  return withLabels(labels, items);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const values = arrayItems(args.get('values'));
  const index = constantOf(args.get('index'), undefined)?.value;
  const length = constantOf(args.get('length'), 0)?.value;
  if (!data || !values || typeof index !== 'number' || typeof length !== 'number') return undefined;
  return { kind: 'array', ...modified(data, values, index, length) };
};

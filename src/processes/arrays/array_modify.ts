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

/**
 * Whoever inserts nothing and does not say how many elements to remove means one, as the standard's example has it
 * ("Remove a single value from the array."); its default of 0 would leave such a call without any effect.
 */
export const omitted = { length: null };

const removed = (length: unknown, inserted: readonly unknown[]) =>
  (length ?? (inserted.length === 0 ? 1 : 0)) as number;

export function run({ data, values, index, length = null }: Arguments): unknown {
  const part = (array: unknown) => ({ items: elements(array), labels: labelsOf(array) });
  const inserted = part(values);
  const { items, labels } = modified(part(data), inserted, index as number, removed(length, inserted.items));
  return withLabels(labels, items);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const values = arrayItems(args.get('values'));
  const index = constantOf(args.get('index'), undefined)?.value;
  const length = constantOf(args.get('length'), null);
  if (!data || !values || typeof index !== 'number' || !length) return undefined;
  return { kind: 'array', ...modified(data, values, index, removed(length.value, values.items)) };
};

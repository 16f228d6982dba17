import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, constantOf, type Kernel } from '../../kernel/operands';
import { withLabels } from './labelled';

/** @throws ProcessException for positions that the array does not have. */
function picked<T>(items: readonly T[], order: readonly unknown[]): T[] {
  return order.map((position) => {
    if (
      typeof position !== 'number' ||
      !Number.isInteger(position) ||
      position < 0 ||
      position >= items.length
    )
      throw new ProcessException(
        'ArrayElementNotAvailable',
        `The array has ${items.length} elements, none of them at position ${position}.`,
      );
    return items[position];
  });
}

export function run({ data, order }: Arguments): unknown {
  const positions = elements(order);
  const labels = labelsOf(data);
  return withLabels(labels && picked(labels, positions), picked(elements(data), positions));
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const order = constantOf(args.get('order'), undefined);
  if (!data || !order) return undefined;
  const positions = elements(order.value);
  return {
    kind: 'array',
    items: picked(data.items, positions),
    labels: data.labels && picked(data.labels, positions),
  };
};

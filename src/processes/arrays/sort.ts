import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, type Kernel } from '../../kernel/operands';
import { withLabels } from './labelled';
import { orderOf } from './ranking';
import { sortedItems } from './sorting-network';

export function run({ data, asc, nodata = null }: Arguments): unknown {
  const order = orderOf(data, asc !== false, nodata as boolean | null);
  const values = elements(data);
  const labels = labelsOf(data);
  return withLabels(
    labels && order.map((index) => labels[index]),
    order.map((index) => values[index] ?? null),
  );
}

export const kernel: Kernel = (args, build) => {
  // With labels, every pixel would have its own.
  if (arrayItems(args.get('data'))?.labels) return undefined;
  const sorted = sortedItems(args, build);
  return (
    sorted && {
      kind: 'array',
      items: sorted.map(({ value, isMissing }) => ({
        kind: 'scalar',
        type: 'number',
        node: value,
        valid: isMissing ? [build.node('(!$0)', 'boolean', [isMissing])] : [],
        isNaNWhenInvalid: false,
      })),
    }
  );
};

import type { Arguments } from '../../graph/types';
import type { Kernel } from '../../kernel/operands';
import { orderOf } from './ranking';
import { sortedItems } from './sorting-network';

export function run({ data, asc, nodata = null }: Arguments): number[] {
  return orderOf(data, asc !== false, nodata as boolean | null);
}

export const kernel: Kernel = (args, build) => {
  const sorted = sortedItems(args, build);
  return sorted && { kind: 'array', items: sorted.map(({ index }) => build.always(index)) };
};

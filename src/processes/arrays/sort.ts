import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, type Kernel, type Operand, varyingLabels } from '../../kernel/operands';
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
  const data = arrayItems(args.get('data'));
  const sorted = sortedItems(args, build)?.map(
    ({ value, isMissing }): Operand => ({
      kind: 'scalar',
      type: 'number',
      node: value,
      valid: isMissing ? [build.node('(!$0)', 'boolean', [isMissing])] : [],
      isNaNWhenInvalid: false,
    }),
  );
  if (!data || !sorted) return undefined;
  return data.hasVaryingLabels || data.labels ? varyingLabels(sorted) : { kind: 'array', items: sorted };
};

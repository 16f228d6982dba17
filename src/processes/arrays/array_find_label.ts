import type { Arguments } from '../../graph/types';
import { labelsOf } from '../../kernel/elements';
import { arrayItems, constant, constantOf, type Kernel } from '../../kernel/operands';

function position(labels: readonly (number | string)[] | undefined, label: unknown): number | null {
  const index = labels ? labels.indexOf(label as number | string) : -1;
  return index < 0 ? null : index;
}

export function run({ data, label }: Arguments): number | null {
  return position(labelsOf(data), label);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  const label = constantOf(args.get('label'), null);
  return data && label && constant(position(data.labels, label.value));
};

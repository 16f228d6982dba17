import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, constant, type Kernel } from '../../kernel/operands';

export function run({ data }: Arguments): unknown {
  return labelsOf(data) ?? [...elements(data).keys()];
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data'));
  return data && constant(data.labels ?? [...data.items.keys()]);
};

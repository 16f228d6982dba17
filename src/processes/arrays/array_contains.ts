import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { constant, type Kernel } from '../../kernel/operands';
import { isEqual } from '../comparison/equality';
import { uniformItems } from './items';

export function run({ data, value = null }: Arguments): boolean {
  return value !== null && elements(data).some((item) => isEqual(item, value));
}

export const kernel: Kernel = (args, build) => {
  const value = args.get('value') ?? constant(null);
  const items = uniformItems(args.get('data'), build);
  if (!items) return undefined;
  if (value.kind === 'constant' && value.value === null) return constant(false);
  const wanted = build.scalar(value);
  if (!wanted) return value.kind === 'constant' ? constant(false) : undefined;
  if (items.length === 0 || wanted.type !== items[0].type) return constant(false);
  const found = build.fold(items, {
    step: '$a || $m && $v === $0',
    initial: 'false',
    type: 'boolean',
    operands: [wanted.node],
  });
  return build.always(build.isValid(build.allOf([[found], wanted.valid])));
};

import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { constant, flagOf, type Kernel } from '../../kernel/operands';
import { isEqual } from '../comparison/equality';
import { uniformItems } from './items';

export function run(args: Arguments): number | null {
  const { value = null } = args;
  if (value === null) return null;
  const data = elements(args.data);
  const isWanted = (item: unknown) => isEqual(item, value);
  const found = args.reverse === true ? data.findLastIndex(isWanted) : data.findIndex(isWanted);
  return found < 0 ? null : found;
}

export const kernel: Kernel = (args, build) => {
  const value = args.get('value') ?? constant(null);
  const isReversed = flagOf(args.get('reverse'), false);
  const items = uniformItems(args.get('data'), build);
  if (!items || isReversed === undefined) return undefined;
  if (value.kind === 'constant' && value.value === null) return constant(null);
  const wanted = build.scalar(value);
  if (!wanted) return value.kind === 'constant' ? constant(null) : undefined;
  if (items.length === 0 || wanted.type !== items[0].type) return constant(null);
  // Counts down to -1 - n while n elements differ, and stays at the index of the first that does not.
  const found = build.fold(isReversed ? [...items].reverse() : items, {
    step: '$a >= 0 ? $a : $m && $v === $0 ? -1 - $a : $a - 1',
    initial: '-1',
    type: 'number',
    operands: [wanted.node],
  });
  const index = isReversed
    ? build.node('($0 - $1)', 'number', [build.table.constant(items.length - 1), found])
    : found;
  const isFound = build.node('($0 >= 0)', 'boolean', [found]);
  return {
    kind: 'scalar',
    type: 'number',
    node: index,
    valid: build.allOf([[isFound], wanted.valid]),
    isNaNWhenInvalid: false,
  };
};

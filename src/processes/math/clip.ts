import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elementwise } from '../../kernel/elementwise';
import type { Kernel } from '../../kernel/operands';

const clipped = elementwise({
  operands: ['x', 'min', 'max'],
  operation: '($0 < $1 ? $1 : $0 > $2 ? $2 : $0)',
});

function check(min: unknown, max: unknown): void {
  if (typeof min === 'number' && typeof max === 'number' && max < min)
    throw new ProcessException('MinMaxSwapped', `The minimum ${min} is greater than the maximum ${max}.`);
}

export function run(args: Arguments): unknown {
  check(args.min, args.max);
  return clipped.run(args);
}

/** Bounds that differ from pixel to pixel may be swapped at any of them, so only known ones are compiled. */
export const kernel: Kernel = (args, build) => {
  const min = args.get('min');
  const max = args.get('max');
  if (min?.kind !== 'constant' || max?.kind !== 'constant') return undefined;
  check(min.value, max.value);
  return clipped.kernel(args, build);
};

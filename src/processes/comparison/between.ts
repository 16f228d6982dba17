import type { Arguments } from '../../graph/types';
import { constant, flagOf, type Kernel } from '../../kernel/operands';

export function run(args: Arguments): boolean | null {
  const { x = null, min, max } = args;
  if (x === null) return null;
  if (typeof x !== 'number') return false;
  const low = min as number;
  const high = max as number;
  return x >= low && (args.exclude_max === true ? x < high : x <= high);
}

export const kernel: Kernel = (args, build) => {
  const x = build.scalar(args.get('x') ?? constant(null));
  const bounds = build.scalars([args.get('min'), args.get('max')], 'number');
  const excludesMax = flagOf(args.get('exclude_max'), false);
  if (!x || !bounds || excludesMax === undefined) return undefined;
  // A bound that is no-data somewhere is no argument that the process takes.
  if (bounds.some((bound) => bound.valid.length > 0)) return undefined;
  if (x.type !== 'number') return build.map('false', 'boolean', [x]);
  return build.map(excludesMax ? '($0 >= $1 && $0 < $2)' : '($0 >= $1 && $0 <= $2)', 'boolean', [
    x,
    ...bounds,
  ]);
};

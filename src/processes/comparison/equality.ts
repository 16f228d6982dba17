import type { Arguments } from '../../graph/types';
import { constant, type Kernel } from '../../kernel/operands';

/** Strict equality; with `delta`, numbers may differ by so much; without `isCaseSensitive`, texts in case. */
export function isEqual(
  x: unknown,
  y: unknown,
  delta: number | null = null,
  isCaseSensitive = true,
): boolean {
  if (typeof x === 'number' && typeof y === 'number' && delta !== null && delta > 0)
    return Math.abs(x - y) <= delta;
  if (typeof x === 'string' && typeof y === 'string' && !isCaseSensitive)
    return x.toLowerCase() === y.toLowerCase();
  return x === y && typeof x !== 'object';
}

/** `eq` and `neq`. */
export function equality(options: { readonly isNegated: boolean }) {
  const run = (args: Arguments): boolean | null => {
    const { x = null, y = null } = args;
    if (x === null || y === null) return null;
    const delta = (args.delta ?? null) as number | null;
    return isEqual(x, y, delta, args.case_sensitive !== false) !== options.isNegated;
  };
  const negated = (operation: string) => (options.isNegated ? `(!${operation})` : operation);
  const kernel: Kernel = (args, build) => {
    const x = build.scalar(args.get('x') ?? constant(null));
    const y = build.scalar(args.get('y') ?? constant(null));
    const delta = args.get('delta') ?? constant(null);
    if (!x || !y || delta.kind !== 'constant') return undefined;
    const isNear = typeof delta.value === 'number' && delta.value > 0 ? build.scalar(delta) : undefined;
    if (isNear && x.type === 'number' && y.type === 'number')
      return build.map(negated('(Math.abs($0 - $1) <= $2)'), 'boolean', [x, y, isNear]);
    return build.map(negated(x.type === y.type ? '($0 === $1)' : 'false'), 'boolean', [x, y]);
  };
  return { run, kernel };
}

import type { Arguments } from '../../graph/types';
import { callable } from '../../kernel/elementwise';
import { constant, type Kernel } from '../../kernel/operands';
import { findText } from '../texts/matching';

/** Strict equality of numbers, truth values and texts; nothing else is equal to anything. */
export function isEqual(x: unknown, y: unknown): boolean {
  return x === y && typeof x !== 'object';
}

/** By Unicode's simple case folding, as texts are searched; letters whose other case is longer by that case. */
function isSameText(x: string, y: string): boolean {
  return x.toLowerCase() === y.toLowerCase() || findText(x, y, 'whole', false) === 0;
}

/** `eq` and `neq`. */
export function equality({ isNegated }: { readonly isNegated: boolean }) {
  // With "delta" the standard compares a distance either way, which is false for NaN.
  const distance = isNegated ? '(Math.abs($0 - $1) > $2)' : '(Math.abs($0 - $1) <= $2)';
  const compare = callable(distance, 3) as (x: number, y: number, delta: number) => boolean;

  const run = (args: Arguments): boolean | null => {
    const { x = null, y = null, delta = null } = args;
    if (x === null || y === null) return null;
    if (typeof x === 'number' && typeof y === 'number' && typeof delta === 'number' && delta > 0)
      return compare(x, y, delta);
    const isText = typeof x === 'string' && typeof y === 'string';
    const isSame = isText && args.case_sensitive === false ? isSameText(x, y) : isEqual(x, y);
    return isSame !== isNegated;
  };

  const kernel: Kernel = (args, build) => {
    const x = build.scalar(args.get('x') ?? constant(null));
    const y = build.scalar(args.get('y') ?? constant(null));
    const delta = args.get('delta') ?? constant(null);
    if (!x || !y || delta.kind !== 'constant') return undefined;
    const isNear = typeof delta.value === 'number' && delta.value > 0 ? build.scalar(delta) : undefined;
    if (isNear && x.type === 'number' && y.type === 'number')
      return build.map(distance, 'boolean', [x, y, isNear]);
    const isSame = x.type === y.type ? '($0 === $1)' : 'false';
    return build.map(isNegated ? `(!${isSame})` : isSame, 'boolean', [x, y]);
  };
  return { run, kernel };
}

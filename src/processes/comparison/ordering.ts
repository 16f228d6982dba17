import type { Arguments } from '../../graph/types';
import { callable } from '../../kernel/elementwise';
import { constant, type Kernel } from '../../kernel/operands';
import { isEqual } from './equality';

/** `gt`, `gte`, `lt` and `lte`: what is no number compares as false, unless equal values are asked for. */
export function ordering(operation: string, options: { readonly holdsForEqual: boolean }) {
  const compare = callable(operation, 2);
  const run = ({ x = null, y = null }: Arguments): boolean | null => {
    if (x === null || y === null) return null;
    if (typeof x === 'number' && typeof y === 'number') return compare(x as never, y as never) as boolean;
    return options.holdsForEqual && isEqual(x, y);
  };
  const kernel: Kernel = (args, build) => {
    const x = build.scalar(args.get('x') ?? constant(null));
    const y = build.scalar(args.get('y') ?? constant(null));
    if (!x || !y) return undefined;
    if (x.type === 'number' && y.type === 'number') return build.map(operation, 'boolean', [x, y]);
    const isComparable = options.holdsForEqual && x.type === y.type;
    return build.map(isComparable ? '($0 === $1)' : 'false', 'boolean', [x, y]);
  };
  return { run, kernel };
}

import type { Arguments } from '../../graph/types';
import type { Kernel } from '../../kernel/operands';

export function run({ x = null, y = null }: Arguments): boolean | null {
  if (x === false || y === false) return false;
  return x === null || y === null ? null : true;
}

/** No-data, unless both are valid or a valid one is false. */
export const kernel: Kernel = (args, build) => {
  const operands = build.scalars([args.get('x'), args.get('y')], 'boolean');
  if (!operands) return undefined;
  const [x, y] = operands;
  const isKnown = build.node('($0 && $1 || $0 && !$2 || $1 && !$3)', 'boolean', [
    build.isValid(x.valid),
    build.isValid(y.valid),
    x.node,
    y.node,
  ]);
  const isAlwaysValid = x.valid.length + y.valid.length === 0;
  return {
    ...build.always(build.node('($0 && $1)', 'boolean', [x.node, y.node])),
    valid: isAlwaysValid ? [] : [isKnown],
  };
};

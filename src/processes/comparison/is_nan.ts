import type { Arguments } from '../../graph/types';
import { constant, type Kernel } from '../../kernel/operands';

export function run(args: Arguments): boolean {
  return Number.isNaN(args.x);
}

export const kernel: Kernel = (args, build) => {
  const x = args.get('x');
  if (x?.kind !== 'scalar' || x.type !== 'number') return constant(false);
  return build.always(build.node('($0 && $1 !== $1)', 'boolean', [build.isValid(x.valid), x.node]));
};

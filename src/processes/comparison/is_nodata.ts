import type { Arguments } from '../../graph/types';
import { constant, type Kernel } from '../../kernel/operands';

export function run(args: Arguments): boolean {
  return (args.x ?? null) === null;
}

export const kernel: Kernel = (args, build) => {
  const x = args.get('x') ?? constant(null);
  if (x.kind !== 'scalar') return constant(x.kind === 'constant' && x.value === null);
  return build.always(build.node('(!$0)', 'boolean', [build.isValid(x.valid)]));
};

import type { Arguments } from '../../graph/types';
import type { Kernel } from '../../kernel/operands';

export function run(args: Arguments): unknown {
  return args.x ?? null;
}

export const kernel: Kernel = (args) => args.get('x');

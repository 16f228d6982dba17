import type { Arguments } from '../../graph/types';
import type { Kernel } from '../../kernel/operands';
import { run as max, kernel as maxKernel } from './max';
import { run as min, kernel as minKernel } from './min';

export function run(args: Arguments): (number | null)[] {
  return [min(args), max(args)];
}

export const kernel: Kernel = (args, build) => {
  const lowest = minKernel(args, build);
  const highest = maxKernel(args, build);
  return lowest && highest && { kind: 'array', items: [lowest, highest] };
};

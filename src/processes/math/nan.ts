import { constant, type Kernel } from '../../kernel/operands';

export function run(): number {
  return Number.NaN;
}

export const kernel: Kernel = () => constant(Number.NaN);

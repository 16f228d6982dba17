import { constant, type Kernel } from '../../kernel/operands';

export function run(): number {
  return Math.E;
}

export const kernel: Kernel = () => constant(Math.E);

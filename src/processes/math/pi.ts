import { constant, type Kernel } from '../../kernel/operands';

export function run(): number {
  return Math.PI;
}

export const kernel: Kernel = () => constant(Math.PI);

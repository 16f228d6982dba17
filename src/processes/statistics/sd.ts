import type { Arguments } from '../../graph/types';
import { numbersOf, reducer } from './reduction';
import { variance, varianceNode } from './variance';

export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers && Math.sqrt(variance(numbers));
}

export const kernel = reducer((reduction) =>
  reduction.build.node('Math.sqrt($0)', 'number', [varianceNode(reduction)]),
);

import type { Arguments } from '../../graph/types';
import { numbersOf, type Reduction, reducer } from './reduction';

/** The mean of at least one number. */
export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

/** The same for array elements per pixel. */
export function meanNode({ items, count, build }: Reduction) {
  const sum = build.fold(items, { step: '$m ? $a + $v : $a', initial: '0', type: 'number' });
  return build.node('($0 / $1)', 'number', [sum, count]);
}

export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers && mean(numbers);
}

export const kernel = reducer(meanNode, { isNaNForNone: true });

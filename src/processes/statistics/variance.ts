import type { Arguments } from '../../graph/types';
import { mean, meanNode } from './mean';
import { numbersOf, type Reduction, reducer } from './reduction';

/** The sample variance, by two passes; NaN for a single number, whose spread is unknown. */
export function variance(numbers: readonly number[]): number {
  const centre = mean(numbers);
  return numbers.reduce((sum, value) => sum + (value - centre) * (value - centre), 0) / (numbers.length - 1);
}

/** The same for array elements per pixel. */
export function varianceNode(reduction: Reduction) {
  const { items, count, build } = reduction;
  const squares = build.fold(items, {
    step: '$m ? $a + ($v - $0) * ($v - $0) : $a',
    initial: '0',
    type: 'number',
    operands: [meanNode(reduction)],
  });
  return build.node('($0 / ($1 - 1))', 'number', [squares, count]);
}

export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers && variance(numbers);
}

export const kernel = reducer(varianceNode);

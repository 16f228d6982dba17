import type { Arguments } from '../../graph/types';
import { numbersOf, reducer } from './reduction';

/** NaN when one of the numbers is. */
export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  if (!numbers) return null;
  return numbers.reduce((found, value) => (value > found || Number.isNaN(value) ? value : found));
}

export const kernel = reducer(({ items, build }) =>
  build.fold(items, {
    step: '$m && ($v > $a || $v !== $v) ? $v : $a',
    initial: '-Infinity',
    type: 'number',
  }),
);

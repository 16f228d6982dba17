import type { Arguments } from '../../graph/types';
import { numbersOf, reducer } from './reduction';

/** NaN when one of the numbers is. */
export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers === null
    ? null
    : numbers.reduce((found, value) => Math.min(found, value), Number.POSITIVE_INFINITY);
}

export const kernel = reducer(({ items, build }) =>
  build.fold(items, { step: '$m ? Math.min($a, $v) : $a', initial: 'Infinity', type: 'number' }),
);

import type { Arguments } from '../../graph/types';
import { numbersOf, reducer } from './reduction';

/** NaN when one of the numbers is. */
export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers === null
    ? null
    : numbers.reduce((found, value) => Math.max(found, value), Number.NEGATIVE_INFINITY);
}

export const kernel = reducer(({ items, build }) =>
  build.fold(items, { step: '$m ? Math.max($a, $v) : $a', initial: '-Infinity', type: 'number' }),
);

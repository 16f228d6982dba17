import type { Arguments } from '../../graph/types';
import { numbersOf, reducer } from './reduction';

export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers === null ? null : numbers.reduce((sum, value) => sum + value, 0);
}

export const kernel = reducer(({ items, build }) =>
  build.fold(items, { step: '$m ? $a + $v : $a', initial: '0', type: 'number' }),
);

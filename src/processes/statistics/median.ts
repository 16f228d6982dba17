import type { Arguments } from '../../graph/types';
import { quantile } from '../../kernel/quantile';
import { numbersOf, reducer } from './reduction';

export function run(args: Arguments): number | null {
  const numbers = numbersOf(args);
  return numbers && quantile(Float64Array.from(numbers), numbers.length, 0.5);
}

export const kernel = reducer(({ items, build }) => build.quantile(items, build.table.constant(0.5)), {
  isNaNForNone: true,
});

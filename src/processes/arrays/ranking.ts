import { elements } from '../../kernel/elements';
import { instantOf } from '../dates/instant';

/** Numbers come before dates, and NaN after all. */
function rank(value: unknown): readonly [group: number, value: number] {
  if (typeof value === 'number') return Number.isNaN(value) ? [2, 0] : [0, value];
  const instant = instantOf(value);
  return Number.isNaN(instant) ? [2, 0] : [1, instant];
}

/** The permutation that sorts: see `order`. Equal elements keep their order in both directions. */
export function orderOf(data: unknown, isAscending: boolean, nodata: boolean | null): number[] {
  const values = elements(data);
  const missing: number[] = [];
  const groups: { readonly index: number; readonly value: number }[][] = [[], [], []];
  values.forEach((item, index) => {
    if ((item ?? null) === null) {
      missing.push(index);
      return;
    }
    const [group, value] = rank(item);
    groups[group].push({ index, value });
  });
  const sign = isAscending ? 1 : -1;
  const compare = (one: { value: number }, other: { value: number }) =>
    one.value === other.value ? 0 : one.value < other.value ? -sign : sign;
  const [numbers, dates, incomparable] = groups.map((group) => group.sort(compare).map(({ index }) => index));
  const comparable = isAscending ? [...numbers, ...dates] : [...dates, ...numbers];
  const sorted = [...comparable, ...incomparable];
  if (nodata === null) return sorted;
  return nodata ? [...sorted, ...missing] : [...missing, ...sorted];
}

/**
 * The quantile of the first `count` values (Hyndman and Fan's type 7); reorders them.
 * NaN when there are none, or one of them is NaN.
 *
 * @param probability from 0 to 1.
 */
export function quantile(values: Float64Array, count: number, probability: number): number {
  for (let i = 0; i < count; i++) if (Number.isNaN(values[i])) return Number.NaN;
  return quantileOfNumbers(values, 0, count, probability);
}

/** The same for `count` values from `start` that are known not to be NaN. */
export function quantileOfNumbers(
  values: Float64Array,
  start: number,
  count: number,
  probability: number,
): number {
  if (count === 0) return Number.NaN;
  const position = (count - 1) * probability;
  const index = Math.floor(position);
  const fraction = position - index;
  const lower = select(values, start, start + count - 1, start + index);
  if (fraction === 0) return lower + 0;
  let upper = Number.POSITIVE_INFINITY;
  for (let i = start + index + 1; i < start + count; i++) if (values[i] < upper) upper = values[i];
  return between(lower, upper, fraction);
}

/** The same of values in ascending order, none of them NaN. */
export function quantileInOrder(values: Float64Array, probability: number): number {
  if (values.length === 0) return Number.NaN;
  const position = (values.length - 1) * probability;
  const index = Math.floor(position);
  const fraction = position - index;
  return fraction === 0 ? values[index] + 0 : between(values[index], values[index + 1], fraction);
}

/** Which zero comes first depends on the order of the values: both are 0. */
function between(lower: number, upper: number, fraction: number): number {
  // Not `lower + fraction * (upper - lower)`, which is NaN for -Infinity and a finite number.
  return (lower === upper ? lower : lower * (1 - fraction) + upper * fraction) + 0;
}

/** Enough to halve any number of values several times over. */
const maxRounds = 96;

/** Moves the value of rank `k` to index `k`, smaller ones before it and larger ones behind it. */
function select(values: Float64Array, first: number, last: number, k: number): number {
  let left = first;
  let right = last;
  for (let round = 0; right - left > 8; round++) {
    // Values in an order that is made to be the worst one would take quadratic time.
    if (round === maxRounds) {
      values.subarray(left, right + 1).sort();
      return values[k];
    }
    const pivot = middle(values[left], values[(left + right) >> 1], values[right]);
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return values[k];
  }
  for (let i = left + 1; i <= right; i++) {
    const value = values[i];
    let j = i - 1;
    while (j >= left && values[j] > value) {
      values[j + 1] = values[j];
      j--;
    }
    values[j + 1] = value;
  }
  return values[k];
}

/** The middle one of three; comparisons are faster here than Math.min and Math.max, which look for NaN and -0. */
function middle(a: number, b: number, c: number): number {
  if (a < b) {
    if (b < c) return b;
    if (a < c) return c;
    return a;
  }
  if (a < c) return a;
  if (b < c) return c;
  return b;
}

import fc from 'fast-check';
import { quantile, quantileInOrder } from '../../src/kernel/quantile';

/** The definition: sort, then go `probability` of the way from the first value to the last. */
function bySorting(values: readonly number[], probability: number): number {
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * probability;
  const index = Math.floor(position);
  const fraction = position - index;
  const [lower, upper] = [sorted[index], sorted[Math.min(index + 1, sorted.length - 1)]];
  return fraction === 0 || lower === upper ? lower : lower * (1 - fraction) + upper * fraction;
}

describe('quantile', () => {
  const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true }));

  it('agrees with sorting, whatever the order and however many are equal', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
        (values, probability) => {
          const actual = quantile(Float64Array.from(values), values.length, probability);
          expect(actual === bySorting(values, probability) || Number.isNaN(actual)).toBe(true);
          expect(Number.isNaN(actual)).toBe(Number.isNaN(bySorting(values, probability)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('agrees with itself on values in order', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, probability) => {
          const sorted = Float64Array.from(values).sort();
          const inOrder = quantileInOrder(sorted, probability);
          expect(inOrder).toBe(quantile(Float64Array.from(values), values.length, probability));
        },
      ),
    );
    expect(quantileInOrder(new Float64Array(0), 0)).toBeNaN();
  });

  // Each partition would take off two values: minutes.
  it('comes to an end soon on values in the worst of orders', () => {
    const half = 300_000;
    const values = new Float64Array(2 * half);
    for (let i = 1; i <= half; i++) {
      values[i - 1] = i % 2 === 1 ? i : half + i - 1;
      values[half + i - 1] = 2 * i;
    }
    for (const probability of [0.25, 0.5, 0.75, 0.999]) {
      const expected = bySorting([...values], probability);
      expect(quantile(Float64Array.from(values), values.length, probability)).toBe(expected);
    }
  });

  it('looks only at the first values and keeps them all', () => {
    const values = Float64Array.of(3, 1, 2, -100, 50);
    expect(quantile(values, 3, 0.5)).toBe(2);
    expect([...values].sort((a, b) => a - b)).toEqual([-100, 1, 2, 3, 50]);
    expect([...values.subarray(3)]).toEqual([-100, 50]);
  });

  it('is NaN for none and where one is NaN, and keeps infinities', () => {
    expect(quantile(new Float64Array(0), 0, 0.5)).toBeNaN();
    expect(quantile(Float64Array.of(1, Number.NaN, 2), 3, 0)).toBeNaN();
    expect(quantile(Float64Array.of(Number.NEGATIVE_INFINITY, 0), 2, 0.25)).toBe(Number.NEGATIVE_INFINITY);
  });
});

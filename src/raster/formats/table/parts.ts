/** Labels of a dimension that are read together. */
export interface Range {
  readonly from: number;
  readonly count: number;
}

/**
 * Cuts a space of labels into blocks that follow one another in C order.
 * @param each values for one combination of labels
 * @param max values of a block, which has at least one combination
 */
export function* labelParts(lengths: readonly number[], each: number, max: number): Generator<Range[]> {
  const whole = lengths.map((length) => ({ from: 0, count: length }));
  // The dimension to cut: all after it fit into one block together.
  let cut = lengths.length - 1;
  let stride = each;
  while (cut >= 0 && stride * lengths[cut] <= max) stride *= lengths[cut--];
  if (cut < 0) {
    yield whole;
    return;
  }
  const step = Math.max(1, Math.floor(max / stride));
  const outer = lengths.slice(0, cut).reduce((product, length) => product * length, 1);
  for (let index = 0; index < outer; index++) {
    const ranges = whole.slice();
    for (let axis = cut - 1, rest = index; axis >= 0; axis--) {
      ranges[axis] = { from: rest % lengths[axis], count: 1 };
      rest = Math.floor(rest / lengths[axis]);
    }
    for (let from = 0; from < lengths[cut]; from += step) {
      ranges[cut] = { from, count: Math.min(step, lengths[cut] - from) };
      yield ranges.slice();
    }
  }
}

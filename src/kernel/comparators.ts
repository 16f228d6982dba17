/** The pairs that Batcher's merge exchange compares (Knuth, The Art of Computer Programming 3, 5.2.2 M). */
export function comparators(length: number): [low: number, high: number][] {
  const pairs: [number, number][] = [];
  const top = length < 2 ? 0 : 2 ** (Math.ceil(Math.log2(length)) - 1);
  for (let p = top; p >= 1; p /= 2) {
    let distance = p;
    let remainder = 0;
    for (let q = top; ; q /= 2) {
      for (let i = 0; i + distance < length; i++) if ((i & p) === remainder) pairs.push([i, i + distance]);
      if (q === p) break;
      distance = q - p;
      remainder = p;
    }
  }
  return pairs;
}

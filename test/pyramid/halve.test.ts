import { halverOf } from '../../src/pyramid/image/halve';

/** Means of 2 × 2 pixels; colours weigh as much as they are opaque, and edges count twice. */
function expected(source: Uint8Array, widthPx: number, heightPx: number, channels: number): Uint8Array {
  const [width, height] = [Math.ceil(widthPx / 2), Math.ceil(heightPx / 2)];
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const four = [0, 1, 2, 3].map((k) => {
        const column = Math.min(widthPx - 1, 2 * x + (k & 1));
        const row = Math.min(heightPx - 1, 2 * y + (k >> 1));
        return (row * widthPx + column) * channels;
      });
      const weights = four.map((at) => (channels % 2 === 0 ? source[at + channels - 1] : 255));
      const sum = weights.reduce((total, weight) => total + weight);
      for (let channel = 0; channel < channels; channel++) {
        const isOpacity = channels % 2 === 0 && channel === channels - 1;
        const total = four.reduce((all, at, k) => all + source[at + channel] * weights[k], 0);
        const mean = isOpacity ? (sum + 2) >> 2 : sum === 0 ? 0 : Math.floor((total + (sum >> 1)) / sum);
        out[(y * width + x) * channels + channel] = mean;
      }
    }
  return out;
}

describe('halving by averages', () => {
  // Opaque throughout, hidden from some pixel on, and at random.
  const opacities: readonly ((pixel: number, random: number) => number)[] = [
    () => 255,
    (pixel) => (pixel % 40 < 30 ? 255 : 0),
    (_, random) => (random < 90 ? 255 : random < 110 ? 0 : random),
  ];
  test.each([2, 3, 4] as const)('of %d channels is the rounded mean of each four pixels', (channels) => {
    let state = 7;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
    // Memory that does not begin with a whole number of words goes another way.
    for (const opacity of opacities)
      for (const [widthPx, heightPx] of [
        [1, 1],
        [2, 2],
        [37, 12],
        [64, 33],
      ])
        for (const offset of [0, 1]) {
          const source = new Uint8Array(widthPx * heightPx * channels + offset).subarray(offset);
          for (let at = 0; at < source.length; at++)
            source[at] =
              channels !== 3 && at % channels === channels - 1
                ? opacity(Math.floor(at / channels), next())
                : next();
          const [width, rows] = [Math.ceil(widthPx / 2), Math.ceil(heightPx / 2)];
          const target = new Uint8Array(width * rows * channels);
          halverOf('average').halve({
            from: { widthPx, heightPx, channels },
            ...{ source, sourceRow: 0, target, targetRow: 0, width, rows },
          });
          expect(Buffer.compare(target, expected(source, widthPx, heightPx, channels))).toBe(0);
        }
  });
});

import { expandIndices, withoutVectors } from '../../../src/raster/formats/expand-indices';

function palette(entries: number, alpha: (entry: number) => number): Uint8Array {
  return Uint8Array.from({ length: entries * 4 }, (_, i) =>
    i % 4 === 3 ? alpha(i >> 2) : (i * 37 + (i >> 5)) & 255,
  );
}

const indicesOf = (count: number, entries: number) =>
  Uint8Array.from({ length: count }, (_, i) => (i * 7 + (i >> 8)) % entries);

describe('colours of indices', () => {
  const opaque = palette(256, () => 255);
  const mixed = palette(256, (entry) => (entry === 0 ? 0 : 255));
  const faint = palette(3, (entry) => entry);

  test.each([0, 1, 3, 7, 8, 9, 8191, 8192, 8193, 20_001])('%d pixels', (count) => {
    for (const [colours, entries] of [
      [opaque, 256],
      [mixed, 256],
      [faint, 3],
      [faint, 256],
    ] as const) {
      const indices = indicesOf(count, entries);
      const { samples, isOpaque, hasData } = expandIndices(indices, colours);
      const colourOf = (index: number) => [0, 1, 2, 3].map((channel) => colours[index * 4 + channel] ?? 0);
      const expected = [...indices].flatMap(colourOf);
      expect(Buffer.compare(samples, Uint8Array.from(expected))).toBe(0);
      const alphas = expected.filter((_, i) => i % 4 === 3);
      expect(isOpaque).toBe(alphas.every((alpha) => alpha === 255));
      expect(hasData).toBe(alphas.some((alpha) => alpha > 0));
      expect(withoutVectors(indices, colours)).toEqual({ samples, isOpaque, hasData });
    }
  });

  test('what one picture had says nothing of the next', () => {
    const transparent = expandIndices(new Uint8Array(100), mixed);
    expect([transparent.isOpaque, transparent.hasData]).toEqual([false, false]);
    const full = expandIndices(new Uint8Array(100).fill(5), mixed);
    expect([full.isOpaque, full.hasData]).toEqual([true, true]);
  });
});

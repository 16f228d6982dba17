import { filterRows } from '../../../src/raster/formats/png/rows';

/** The rows before they were filtered. */
function restored(bytes: Uint8Array, rowBytes: number): Uint8Array {
  const count = bytes.length / (rowBytes + 1);
  const rows = new Uint8Array(count * rowBytes);
  for (let row = 0; row < count; row++) {
    const start = row * (rowBytes + 1);
    const isUp = bytes[start] === 2;
    expect([0, 2]).toContain(bytes[start]);
    for (let i = 0; i < rowBytes; i++)
      rows[row * rowBytes + i] = bytes[start + 1 + i] + (isUp ? rows[(row - 1) * rowBytes + i] : 0);
  }
  return rows;
}

// Rows shorter than a vector, of whole and of broken ones, in several pieces, and longer than a piece.
test.each([
  [1, 1],
  [1, 9],
  [15, 4],
  [16, 4],
  [257, 300],
  [50_000, 47],
  [1_100_000, 3],
])('rows of %d bytes, %d of them, come back as they were', (perRow, count) => {
  const samples = Uint8Array.from({ length: perRow * count }, (_, i) => (i * 7919) >> 5);
  for (const isFiltered of [true, false]) {
    const bytes = filterRows({ width: perRow, depth: 8, colourType: 3 }, samples, isFiltered);
    expect(bytes.length).toBe((perRow + 1) * count);
    expect(bytes[bytes.length - perRow - 1]).toBe(isFiltered && count > 1 ? 2 : 0);
    expect(Buffer.compare(restored(bytes, perRow), samples)).toBe(0);
  }
});

test('samples of 16 bits are big-endian', () => {
  const bytes = filterRows(
    { width: 3, depth: 16, colourType: 0 },
    Uint16Array.of(1, 2, 0xfffe, 0x0102, 3, 4),
    true,
  );
  expect([...restored(bytes, 6)]).toEqual([0, 1, 0, 2, 0xff, 0xfe, 1, 2, 0, 3, 0, 4]);
});

test('without vectors it is the same', () => {
  const samples = Uint8Array.from({ length: 700 }, (_, i) => (i * 7919) >> 5);
  const header = { width: 70, depth: 8, colourType: 3 } as const;
  const filtered = filterRows(header, samples, true);
  const engine = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } })
    .WebAssembly;
  const validate = jest.spyOn(engine, 'validate').mockReturnValue(false);
  jest.isolateModules(() => {
    const { filterRows: plainly } = require('../../../src/raster/formats/png/rows');
    expect(plainly(header, samples, true)).toEqual(filtered);
  });
  expect(validate).toHaveBeenCalled();
  validate.mockRestore();
});

import { inputFormats } from '../../../../src/raster/formats/input/registry';
import { findFormat } from '../../../../src/raster/formats/registry';
import { functionCube, utmGrid } from '../support';
import { contentOf, fileOf, loadFrom, roundTrip } from './support';

const grid = utmGrid(7, 5);
const bounds = [600000, 5199950, 600070, 5200000];
const rgb = functionCube({
  grid,
  bands: ['r', 'g', 'b'],
  dataType: 'uint8',
  value: (x, y, layer) => (x === 3 && y === 2 ? null : x * 20 + y * 10 + layer),
});

test('a PNG with bounds is the cube that it was made of, transparent pixels are missing', async () => {
  const loaded = await contentOf(await roundTrip('PNG', rgb, { read: { bounds, crs: 32633 } }));
  const { grid: place, values } = await contentOf(rgb);
  expect(loaded).toMatchObject({ grid: place, values, dataType: 'uint8' });
  expect(loaded.dimensions[0]).toEqual(['bands', 'bands', ['red', 'green', 'blue']]);
});

test('16 bits of grey, without a place', async () => {
  const cube = functionCube({ grid, bands: ['v'], dataType: 'uint16', value: (x, y) => x * 9000 + y });
  const loaded = await contentOf(await roundTrip('PNG', cube, { write: { depth: 16 } }));
  expect(loaded.grid).toBeUndefined();
  expect(loaded.dimensions).toEqual([
    ['bands', 'bands', ['grey']],
    ['spatial', 'y', [0, 1, 2, 3, 4]],
    ['spatial', 'x', [0, 1, 2, 3, 4, 5, 6]],
  ]);
  expect(loaded.values).toEqual((await contentOf(cube)).values);
});

test.each(['JPEG', 'WEBP'])('%s comes back nearly as it was', async (format) => {
  const flat = functionCube({ grid, bands: ['v'], dataType: 'uint8', value: () => 120 });
  const { values, dimensions } = await contentOf(await roundTrip(format, flat, { read: { bounds } }));
  expect(dimensions.at(-1)).toEqual(['spatial', 'x']);
  for (const value of values) expect(Math.abs((value as number) - 120)).toBeLessThan(4);
});

test.each(inputFormats.map(({ name }) => name))(
  '%s refuses bytes that are something else',
  async (format) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('<html>\n'), Buffer.alloc(5000, 0x89)])
      await expect(loadFrom(format, [fileOf(bytes)], { unknown: true })).rejects.toMatchObject({
        code: 'ProcessParameterInvalid',
      });
    if (format === 'CSV') return;
    for (const bytes of [Buffer.alloc(0), Buffer.from('<html>\n'), Buffer.alloc(5000, 0x89)])
      await expect(loadFrom(format, [fileOf(bytes)])).rejects.toMatchObject({
        code: expect.stringMatching(/^(FormatUnsuitable|SourceUnreadable)$/),
      });
  },
  60_000,
);

test('a picture in another format, of too many pixels or with impossible bounds is refused', async () => {
  await expect(roundTrip('PNG', rgb, { read: { bounds: [1, 0, 0, 1] } })).rejects.toMatchObject({
    code: 'FormatUnsuitable',
  });

  const { body } = await findFormat('JPEG')!.encode(rgb, {
    options: {},
    signal: new AbortController().signal,
    maxPixels: 1e6,
  });
  const file = fileOf(body as Uint8Array);
  await expect(loadFrom('PNG', [file])).rejects.toMatchObject({ code: 'FormatUnsuitable' });
  await expect(loadFrom('JPEG', [file], {}, { maxValues: 50 })).rejects.toMatchObject({
    code: 'ProcessGraphComplexity',
  });
});

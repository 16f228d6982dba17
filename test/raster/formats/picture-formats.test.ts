import sharp from 'sharp';
import { deriveCube } from '../../../src/raster/cube';
import { findFormat, outputFormats } from '../../../src/raster/formats/registry';
import { bytesOf, encodeRequest, functionCube, utmGrid } from './support';

async function pixels(name: string, cube: unknown, options: Record<string, unknown> = {}) {
  const encoded = await findFormat(name)!.encode(cube, encodeRequest(options));
  const bytes = await bytesOf(encoded.body);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return {
    ...encoded,
    bytes,
    info,
    format: (await sharp(bytes).metadata()).format,
    at: (x: number, y: number) => [
      ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x + 1) * info.channels),
    ],
  };
}

/** Red on the left, blue on the right, nothing in the lowest rows. */
const flag = functionCube({
  grid: utmGrid(64, 64),
  bands: ['r', 'g', 'b'],
  value: (x, y, layer) => (y >= 48 ? null : layer === (x < 32 ? 0 : 2) ? 250 : 5),
});
const near = (found: number[], expected: number[], tolerance: number) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, index) => {
    expect(Math.abs(value - expected[index])).toBeLessThanOrEqual(tolerance);
  });
};

test('JPEG draws colours, and the background where nothing is', async () => {
  const picture = await pixels('jpeg', flag, { quality: 95 });
  expect(picture).toMatchObject({
    format: 'jpeg',
    mediaType: 'image/jpeg',
    extension: '.jpg',
    hasData: true,
  });
  expect(picture.info).toMatchObject({ width: 64, height: 64, channels: 3 });
  near(picture.at(8, 8), [250, 5, 5], 12);
  near(picture.at(56, 8), [5, 5, 250], 12);
  near(picture.at(8, 60), [255, 255, 255], 3);
  near((await pixels('JPG', flag, { background: '#00ff00' })).at(8, 60), [0, 255, 0], 8);
  const small = await pixels('JPEG', flag, { quality: 10 });
  expect(small.bytes.length).toBeLessThan(picture.bytes.length);
  const grey = await pixels('JPEG', functionCube({ grid: utmGrid(16, 16), value: () => 77 }));
  near(grey.at(3, 3).slice(0, 1), [77], 2);
});

test('WEBP keeps opacity, and every pixel where that is asked for', async () => {
  const picture = await pixels('webp', flag);
  expect(picture).toMatchObject({
    format: 'webp',
    mediaType: 'image/webp',
    extension: '.webp',
    hasData: true,
  });
  near(picture.at(8, 8), [250, 5, 5, 255], 25);
  expect(picture.at(8, 60)[3]).toBe(0);
  const exact = await pixels('WEBP', flag, { lossless: true });
  expect(exact.at(8, 8)).toEqual([250, 5, 5, 255]);
  expect((await pixels('WEBP', functionCube({ grid: utmGrid(4, 4), value: () => null }))).hasData).toBe(
    false,
  );
});

test('palettes and statistics are drawn as in PNG', async () => {
  const cube = functionCube({
    grid: utmGrid(8, 8),
    value: () => 0.5,
    bandInfo: [{ name: 'b', statistics: { minimum: 0, maximum: 1 } }],
  });
  expect((await pixels('WEBP', cube, { stretch: 'statistics', lossless: true })).at(1, 1)[0]).toBe(128);
  const indexed = deriveCube(cube, {
    indexed: {
      palette: Uint8Array.of(10, 20, 30, 255, 0, 0, 0, 0),
      read: async () => Uint8Array.from({ length: 64 }, (_, i) => (i < 32 ? 0 : 1)),
    },
  });
  const picture = await pixels('WEBP', indexed, { lossless: true });
  expect(picture.at(0, 0)).toEqual([10, 20, 30, 255]);
  expect(picture.at(0, 7)[3]).toBe(0);
});

test('pictures that a format cannot hold are refused', async () => {
  const wide = functionCube({ grid: utmGrid(16384, 1), value: () => 1 });
  await expect(pixels('WEBP', wide)).rejects.toMatchObject({
    code: 'ResultNotRenderable',
    message: expect.stringMatching(/16383.*16384 × 1/),
  });
  await expect(pixels('JPEG', wide, { quality: 0 })).rejects.toMatchObject({
    code: 'ProcessParameterInvalid',
  });
});

test('every format is described, and found by its names in any case', () => {
  expect(outputFormats.map(({ name }) => name)).toEqual([
    'GTiff',
    'netCDF',
    'Zarr',
    'PNG',
    'JPEG',
    'WEBP',
    'JSON',
    'GeoJSON',
    'CSV',
    'Parquet',
    'CovJSON',
  ]);
  for (const format of outputFormats) {
    expect(findFormat(format.name.toUpperCase())).toBe(format);
    for (const [name, schema] of Object.entries(format.parameters)) {
      expect([name, schema.description.length]).toEqual([name, expect.any(Number)]);
      expect(schema).toHaveProperty('default');
    }
  }
  expect(findFormat('cog')?.name).toBe('GTiff');
  expect(findFormat('geotiff')?.name).toBe('GTiff');
  expect(findFormat('__proto__')).toBeUndefined();
});

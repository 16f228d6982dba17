import { type Cube, deriveCube } from '../../../src/raster/cube';
import { findFormat } from '../../../src/raster/formats/registry';
import { memoryCube } from '../../../src/raster/memory-cube';
import { encodeRequest, functionCube, utmGrid } from './support';

/** A cube that tells whether anybody reads it. */
function watched(cube: Cube): { readonly cube: Cube; readonly reads: () => number } {
  let reads = 0;
  const read: Cube['read'] = (window, signal) => {
    reads++;
    return cube.read(window, signal);
  };
  return { cube: deriveCube(cube, { read }), reads: () => reads };
}

const pixels = (width: number, height: number) =>
  functionCube({ grid: utmGrid(width, height), dataType: 'uint8', value: () => 1 });

/** One value more than 5,000,000. */
const geometries = memoryCube({
  dimensions: [
    { type: 'geometry', name: 'geometry', labels: [{ type: 'Point', coordinates: [11, 46] }] },
    { type: 'other', name: 'n', labels: Array.from({ length: 5_000_001 }, (_, index) => index) },
  ],
  data: new Float64Array(5_000_001),
});

/** Formats that are written at one go have a limit of their own, whatever the configuration allows. */
test.each([
  ['JSON', pixels(5_000_001, 1), 'ProcessGraphComplexity', '5,000,000'],
  ['CovJSON', pixels(2500, 2001), 'ProcessGraphComplexity', '5,000,000'],
  ['GeoJSON', geometries, 'ProcessGraphComplexity', '5,000,000'],
  ['JPEG', pixels(65_536, 2), 'ResultNotRenderable', '65535'],
  ['WEBP', pixels(2, 16_384), 'ResultNotRenderable', '16383'],
])(
  '%s refuses what is too large before it reads any of it, and says how much it takes',
  async (name, data, code, limit) => {
    const { cube, reads } = watched(data);
    await expect(findFormat(name)!.encode(cube, encodeRequest({}, { maxPixels: 1e9 }))).rejects.toMatchObject(
      {
        code,
        message: expect.stringContaining(limit),
      },
    );
    expect(reads()).toBe(0);
  },
);

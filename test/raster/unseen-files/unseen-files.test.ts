import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webMercator } from '../../../src/geo/crs';
import type { Block, NumericArray } from '../../../src/raster/cube';
import type { Resampling } from '../../../src/raster/source';
import { describeWith, program, pythonWith } from '../../support/tools';
import { newReader, noHttp, oneScene } from '../support/scenes';
import { cases } from './cases';

/** Every file by nearest pixel; the first ones and the masked one also interpolated. */
const near = [{ resampling: 'near', scale: 0.7 }] as const;
const all = [
  ...near,
  { resampling: 'bilinear', scale: 0.7 },
  { resampling: 'bilinear', scale: 1.6 },
] as const;
const jobs = cases.map((each, index) => ({ ...each, warps: index < 5 || each.mask ? all : near }));

interface Warped {
  readonly resampling: Resampling;
  readonly west: number;
  readonly north: number;
  readonly res: number;
  readonly width: number;
  readonly height: number;
  readonly expected: string;
}

const tools = program('gdalwarp') && pythonWith('numpy', 'rasterio');

describeWith(tools, 'GDAL and python3 with rasterio', 'files of all kinds, as GDAL warps them', () => {
  const folder = tools ? mkdtempSync(join(tmpdir(), 'tilegraph-raster-')) : '';
  const reader = newReader();
  const forgetful = newReader(noHttp, 0);
  let made: { path: string; warps: Warped[] }[];

  beforeAll(() => {
    const output = execFileSync(tools!, [join(__dirname, 'make_files.py')], {
      input: JSON.stringify({ folder, cases: jobs }),
      maxBuffer: 1 << 26,
    });
    made = JSON.parse(output.toString());
  });

  afterAll(async () => {
    await Promise.all([reader.close(), forgetful.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(cases.map((each, index) => [each.name, each, index] as const))('%s', async (_, each, index) => {
    const { path, warps: wanted } = made[index];
    const bands = Object.fromEntries(
      Array.from({ length: each.bands }, (__, sample) => [`b${sample}`, { href: path, sample }]),
    );
    for (const warp of wanted) {
      const { resampling, west, north, res, width, height } = warp;
      const cube = await oneScene(reader, bands, { resampling });
      expect(cube.dataType).toBe(each.dtype);
      const grid = { crs: webMercator, originX: west, originY: north, resX: res, resY: res, width, height };
      const block = await cube.read({ grid }, AbortSignal.timeout(20_000));
      expect(block.shape).toEqual([1, each.bands, height, width]);
      const file = readFileSync(warp.expected);
      const expected = new Float64Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
      const found = compare(block.data as NumericArray, block.valid, expected);
      const isWider = res > (wanted[0].res / 0.7) * 1.01;
      expect(found.missing / expected.length).toBeLessThan(0.001);
      // Nearest: the same pixel. Linear: the same weights, but for how GDAL measures the scale of a window.
      if (each.lossy) expect(found.mean / found.range).toBeLessThan(0.02);
      else if (resampling === 'near') expect(found.different / expected.length).toBeLessThan(0.001);
      else expect(found.mean / found.range).toBeLessThan(isWider ? 0.002 : 1e-5);
    }
  });

  // What isn't kept is decoded no further down than its window needs.
  test.each(cases.map((each, index) => [each.name, each, index] as const))(
    '%s, of which no block is kept',
    async (_, each, index) => {
      const { path, warps } = made[index];
      const bands = Object.fromEntries(
        Array.from({ length: each.bands }, (__, sample) => [`b${sample}`, { href: path, sample }]),
      );
      for (const { resampling, west, north, res, width, height } of warps) {
        const [kept, lost] = await Promise.all(
          [reader, forgetful].map((from) => oneScene(from, bands, { resampling })),
        );
        const third = Math.ceil(height / 3);
        for (let row = 0; row < height; row += third) {
          const rows = Math.min(third, height - row);
          const grid = {
            crs: webMercator,
            originX: west,
            originY: north - row * res,
            resX: res,
            resY: res,
            width,
            height: rows,
          };
          const [one, other] = await Promise.all(
            [kept, lost].map((cube) => cube.read({ grid }, AbortSignal.timeout(20_000))),
          );
          expect(bytesOf(other.data).equals(bytesOf(one.data))).toBe(true);
          expect(bytesOf(other.valid).equals(bytesOf(one.valid))).toBe(true);
        }
      }
    },
  );
});

/** Looked up once: inside a test runner's sandbox globals are slow. */
const { isNaN: isMissingNumber } = Number;
const { abs, max, min } = Math;

/** Values as bytes, which are compared many times as fast. */
const bytesOf = (values: Block['data'] | undefined) => {
  const { buffer, byteOffset, byteLength } = (values ?? new Uint8Array(0)) as NumericArray;
  return Buffer.from(buffer, byteOffset, byteLength);
};

/** Compares pixels with those of GDAL, where NaN is missing. */
function compare(data: NumericArray, valid: Uint8Array | undefined, expected: Float64Array) {
  let missing = 0;
  let different = 0;
  let sum = 0;
  let count = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    const isMissing = valid ? valid[i] === 0 : isMissingNumber(data[i]);
    if (isMissing !== isMissingNumber(expected[i])) {
      missing++;
      different++;
    } else if (!isMissing) {
      const difference = abs(data[i] - expected[i]);
      if (difference > 0) different++;
      sum += difference;
      count++;
      low = min(low, expected[i]);
      high = max(high, expected[i]);
    }
  }
  return { missing, different, mean: count > 0 ? sum / count : 0, range: high - low };
}

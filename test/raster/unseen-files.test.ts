import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webMercator } from '../../src/geo/crs';
import type { Block, NumericArray } from '../../src/raster/cube';
import type { Resampling } from '../../src/raster/source';
import { describeWith, program, pythonWith } from '../support/tools';
import { newReader, noHttp, oneScene } from './support/scenes';

interface Case {
  readonly name: string;
  readonly epsg: number;
  readonly center: readonly [number, number];
  readonly res: number;
  readonly size: readonly [number, number];
  readonly dtype: string;
  readonly nodata?: string;
  readonly bands: number;
  readonly options?: readonly string[];
  readonly driver?: string;
  readonly point?: boolean;
  readonly mask?: boolean;
  /** How far stored pixels may be from those that were written (lossy compression). */
  readonly lossy?: boolean;
}

const laea = { epsg: 3035, center: [10.5, 48.5], res: 25 } as const;
const south = { epsg: 32719, center: [-70.2, -33.1], res: 20 } as const;
const degrees = { epsg: 4326, center: [12.3, 41.9], res: 0.0008 } as const;
const polar = { epsg: 3413, center: [-50, 72], res: 100 } as const;
const swiss = { epsg: 2056, center: [8.3, 46.9], res: 10 } as const;

const cases: readonly Case[] = [
  {
    name: 'laea-uint8-deflate',
    ...laea,
    size: [201, 157],
    dtype: 'uint8',
    nodata: '0',
    bands: 3,
    driver: 'COG',
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=YES', 'BLOCKSIZE=128'],
  },
  {
    name: 'south-int16-lzw',
    ...south,
    size: [160, 233],
    dtype: 'int16',
    nodata: '-32768',
    bands: 2,
    driver: 'COG',
    options: ['COMPRESS=LZW', 'PREDICTOR=YES', 'BLOCKSIZE=128'],
  },
  {
    name: 'degrees-float32-zstd',
    ...degrees,
    size: [211, 149],
    dtype: 'float32',
    nodata: 'nan',
    bands: 1,
    driver: 'COG',
    options: ['COMPRESS=ZSTD', 'PREDICTOR=YES', 'BLOCKSIZE=128'],
  },
  {
    name: 'polar-float64',
    ...polar,
    size: [190, 170],
    dtype: 'float64',
    nodata: '-9999',
    bands: 1,
    driver: 'COG',
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=YES', 'BLOCKSIZE=128'],
  },
  {
    name: 'swiss-uint16',
    ...swiss,
    size: [199, 188],
    dtype: 'uint16',
    nodata: '65535',
    bands: 4,
    driver: 'COG',
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=YES', 'BLOCKSIZE=128'],
  },
  {
    name: 'strips-planar-int32',
    ...laea,
    size: [203, 151],
    dtype: 'int32',
    nodata: '7',
    bands: 3,
    options: ['INTERLEAVE=BAND', 'COMPRESS=DEFLATE', 'BLOCKYSIZE=17'],
  },
  {
    name: 'strips-uint32-packbits',
    ...south,
    size: [203, 151],
    dtype: 'uint32',
    bands: 2,
    options: ['COMPRESS=PACKBITS'],
  },
  {
    name: 'raw-big-strip',
    ...swiss,
    size: [500, 700],
    dtype: 'float32',
    nodata: '-9999',
    bands: 1,
    options: ['BLOCKYSIZE=700'],
  },
  {
    name: 'raw-planar-strips',
    ...swiss,
    size: [701, 380],
    dtype: 'uint16',
    nodata: '0',
    bands: 2,
    options: ['INTERLEAVE=BAND', 'BLOCKYSIZE=380'],
  },
  {
    name: 'big-endian',
    ...laea,
    size: [203, 151],
    dtype: 'uint16',
    nodata: '0',
    bands: 2,
    options: [
      'ENDIANNESS=BIG',
      'TILED=YES',
      'BLOCKXSIZE=64',
      'BLOCKYSIZE=64',
      'COMPRESS=DEFLATE',
      'PREDICTOR=2',
    ],
  },
  {
    name: 'big-endian-float',
    ...laea,
    size: [203, 151],
    dtype: 'float32',
    nodata: '-1',
    bands: 2,
    options: ['ENDIANNESS=BIG', 'COMPRESS=LZW', 'PREDICTOR=2'],
  },
  {
    name: 'bigtiff',
    ...south,
    size: [203, 151],
    dtype: 'int16',
    nodata: '0',
    bands: 1,
    options: ['BIGTIFF=YES', 'TILED=YES', 'COMPRESS=LZW', 'PREDICTOR=2'],
  },
  {
    name: 'float32-horizontal',
    ...degrees,
    size: [150, 201],
    dtype: 'float32',
    nodata: '-3.4028234663852886e+38',
    bands: 2,
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=2', 'TILED=YES', 'BLOCKXSIZE=64', 'BLOCKYSIZE=64'],
  },
  {
    name: 'float64-horizontal',
    ...degrees,
    size: [150, 201],
    dtype: 'float64',
    bands: 2,
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=2', 'TILED=YES', 'BLOCKXSIZE=64', 'BLOCKYSIZE=64'],
  },
  {
    name: 'point',
    ...laea,
    size: [203, 151],
    dtype: 'uint8',
    nodata: '0',
    bands: 1,
    point: true,
    options: ['COMPRESS=LZW'],
  },
  {
    name: 'masked',
    ...swiss,
    size: [219, 143],
    dtype: 'uint8',
    bands: 3,
    mask: true,
    driver: 'COG',
    options: ['COMPRESS=DEFLATE', 'BLOCKSIZE=128'],
  },
  {
    name: 'lerc',
    ...laea,
    size: [203, 151],
    dtype: 'float32',
    nodata: '-9999',
    bands: 2,
    options: ['COMPRESS=LERC', 'TILED=YES', 'BLOCKXSIZE=64', 'BLOCKYSIZE=64'],
  },
  {
    name: 'lerc-zstd',
    ...laea,
    size: [203, 151],
    dtype: 'uint16',
    nodata: '0',
    bands: 1,
    options: ['COMPRESS=LERC_ZSTD', 'TILED=YES', 'BLOCKXSIZE=64', 'BLOCKYSIZE=64'],
  },
  {
    name: 'lerc-deflate',
    ...laea,
    size: [203, 151],
    dtype: 'int16',
    nodata: '0',
    bands: 3,
    options: ['COMPRESS=LERC_DEFLATE', 'TILED=YES', 'BLOCKXSIZE=64', 'BLOCKYSIZE=64'],
  },
  {
    name: 'jpeg-ycbcr',
    ...swiss,
    size: [219, 143],
    dtype: 'uint8',
    bands: 3,
    lossy: true,
    options: [
      'COMPRESS=JPEG',
      'PHOTOMETRIC=YCBCR',
      'TILED=YES',
      'BLOCKXSIZE=128',
      'BLOCKYSIZE=128',
      'JPEG_QUALITY=95',
    ],
  },
  {
    name: 'jpeg-rgb',
    ...swiss,
    size: [219, 143],
    dtype: 'uint8',
    bands: 3,
    lossy: true,
    options: [
      'COMPRESS=JPEG',
      'PHOTOMETRIC=RGB',
      'TILED=YES',
      'BLOCKXSIZE=128',
      'BLOCKYSIZE=128',
      'JPEG_QUALITY=95',
    ],
  },
  {
    name: 'jpeg-gray',
    ...swiss,
    size: [219, 143],
    dtype: 'uint8',
    bands: 1,
    lossy: true,
    options: ['COMPRESS=JPEG', 'JPEG_QUALITY=95'],
  },
  {
    name: 'webp',
    ...swiss,
    size: [219, 143],
    dtype: 'uint8',
    bands: 3,
    lossy: true,
    driver: 'COG',
    options: ['COMPRESS=WEBP', 'QUALITY=100', 'BLOCKSIZE=128'],
  },
];

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
    const output = execFileSync(tools!, [join(__dirname, 'support', 'make_files.py')], {
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

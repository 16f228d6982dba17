import sharp from 'sharp';
import { silentLogger } from '../../src/base/logger';
import { createHttpClient, type HttpClient } from '../../src/base/net';
import { crsFromEpsg, transformBounds, webMercator } from '../../src/geo/crs';
import { gridForBounds, subGrid } from '../../src/geo/grid';
import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { Grid } from '../../src/geo/types';
import { createRasterReader } from '../../src/raster/reader';
import type { CellPicture, MosaicLevel, RasterReader } from '../../src/raster/source';

const mercator = tileMatrixSet('WebMercatorQuad')!;
const names = { x: 'x', y: 'y', t: 't', bands: 'bands' };
const rgba = ['red', 'green', 'blue', 'alpha'].map((name, sample) => ({ name, sample }));
const { signal } = new AbortController();

type Colour = (x: number, y: number) => readonly [number, number, number, number];

/** A picture of a cell, the colour of each pixel told by its place in the cell. */
async function draw(colour: Colour, sizePx = 64, format: 'png' | 'webp' = 'png'): Promise<Buffer> {
  const data = Buffer.alloc(sizePx * sizePx * 4);
  for (let y = 0; y < sizePx; y++)
    for (let x = 0; x < sizePx; x++) data.set(colour(x, y), 4 * (y * sizePx + x));
  const image = sharp(data, { raw: { width: sizePx, height: sizePx, channels: 4 } });
  return format === 'png' ? image.png().toBuffer() : image.webp({ lossless: true }).toBuffer();
}

/** Told apart by their column and row, and within by theirs. */
const numbered =
  (x: number, y: number): Colour =>
  (column, row) => [x, y, column + row, 255];

let http: HttpClient;
let reader: RasterReader;
let pictures: Map<string, Buffer>;
let reads: string[];
beforeEach(() => {
  http = createHttpClient({ allowedHosts: [], logger: silentLogger });
  reader = createRasterReader({ http, logger: silentLogger });
  pictures = new Map();
  reads = [];
});
afterEach(async () => {
  await reader.close();
  await http.close();
});

function cube(levels: readonly MosaicLevel[], bands: readonly (typeof rgba)[number][] = rgba) {
  return reader.mosaicCube({
    ...{ levels, names, bands, time: '2024-01-01T00:00:00Z', dataVersion: '1' },
    find: async (zoom, cells) =>
      cells.map(({ x, y }): CellPicture | undefined => {
        const key = `${zoom}/${x}/${y}`;
        const bytes = pictures.get(key);
        return (
          bytes && {
            key,
            bytes: async () => {
              reads.push(key);
              return bytes.length === 0 ? undefined : bytes;
            },
          }
        );
      }),
  });
}

async function fill(zoom: number, columns: readonly [number, number], rows: readonly [number, number]) {
  for (let x = columns[0]; x <= columns[1]; x++)
    for (let y = rows[0]; y <= rows[1]; y++) pictures.set(`${zoom}/${x}/${y}`, await draw(numbered(x, y)));
  return { zoom, sizePx: 64, columns, rows };
}

async function read(from: ReturnType<typeof cube>, grid: Grid) {
  const block = await from.read({ grid }, signal);
  const size = grid.width * grid.height;
  expect(block.shape).toEqual([1, block.data.length / size, grid.height, grid.width]);
  return (band: number, x: number, y: number) => Number(block.data[band * size + y * grid.width + x]);
}

test('at the pictures’ own zoom and size one window is one picture, pixel for pixel', async () => {
  const level = await fill(6, [10, 14], [20, 24]);
  const mosaic = cube([level]);
  expect(mosaic.grid).toMatchObject({ width: 5 * 64, height: 5 * 64, crs: webMercator });
  const at = await read(mosaic, mercator.grid({ z: 6, x: 12, y: 22 }, 64));
  for (const [x, y] of [
    [0, 0],
    [63, 0],
    [0, 63],
    [63, 63],
    [20, 40],
  ])
    expect([0, 1, 2, 3].map((band) => at(band, x, y))).toEqual([12, 22, x + y, 255]);
  expect(reads).toEqual(['6/12/22']);
  // What was decoded is kept.
  await read(mosaic, mercator.grid({ z: 6, x: 12, y: 22 }, 64));
  expect(reads).toHaveLength(1);
});

test('above it pixels are repeated, from one picture', async () => {
  const mosaic = cube([await fill(6, [10, 11], [20, 21])]);
  const at = await read(mosaic, mercator.grid({ z: 9, x: 83, y: 160 }, 64));
  // The 4th of 8 columns, the first row of cell 10/20: its pixels 24 to 31 and 0 to 7, 8 times each.
  for (const [x, y] of [
    [0, 0],
    [7, 7],
    [8, 7],
    [63, 63],
  ])
    expect([at(0, x, y), at(1, x, y), at(2, x, y)]).toEqual([10, 20, 24 + (x >> 3) + (y >> 3)]);
  expect(reads).toEqual(['6/10/20']);
});

test('below it pixels are averaged, from all pictures under the window', async () => {
  const mosaic = cube([await fill(6, [8, 11], [20, 23])]);
  const at = await read(mosaic, mercator.grid({ z: 4, x: 2, y: 5 }, 64));
  for (const [x, y] of [
    [0, 0],
    [63, 63],
    [16, 33],
  ]) {
    expect([at(0, x, y), at(1, x, y), at(3, x, y)]).toEqual([8 + (x >> 4), 20 + (y >> 4), 255]);
    // The mean over 4 × 4 pixels.
    expect(at(2, x, y)).toBe(4 * (x & 15) + 4 * (y & 15) + 3);
  }
  expect(new Set(reads).size).toBe(16);
  expect(reads).toHaveLength(16);
});

test('each pixel counts once over the seams of a window that lies across pictures', async () => {
  const mosaic = cube([await fill(6, [10, 12], [20, 22])]);
  const whole = mercator.grid({ z: 6, x: 10, y: 20 }, 64);
  const at = await read(mosaic, subGrid(whole, 40, 50, 100, 90));
  for (let y = 0; y < 90; y += 7)
    for (let x = 0; x < 100; x += 3) {
      const [column, row] = [x + 40, y + 50];
      expect([at(0, x, y), at(1, x, y), at(2, x, y)]).toEqual([
        10 + (column >> 6),
        20 + (row >> 6),
        (column & 63) + (row & 63),
      ]);
    }
});

test('what is transparent, or has no picture, is missing in all bands', async () => {
  await fill(6, [10, 12], [20, 20]);
  pictures.delete('6/11/20');
  pictures.set('6/12/20', await draw((x) => [200, 100, 50, x < 32 ? 0 : 128], 64, 'webp'));
  // Gone between the look and the reading.
  pictures.set('6/10/20', Buffer.alloc(0));
  const level = { zoom: 6, sizePx: 64, columns: [10, 12], rows: [20, 20] } as const;
  const at = await read(cube([level]), { ...mercator.grid({ z: 6, x: 10, y: 20 }, 64), width: 192 });
  expect([5, 70, 130].map((x) => at(0, x, 9))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect([0, 1, 2, 3].map((band) => at(band, 180, 9))).toEqual([200, 100, 50, 128]);
  // Averages leave the transparent pixels out.
  const coarse = await read(cube([level], [rgba[0]]), mercator.grid({ z: 2, x: 0, y: 1 }, 64));
  expect(coarse(0, 51, 16)).toBe(200);
  expect(coarse(0, 52, 16)).toBeNaN();
});

test('the zoom level that fits goes first; what it lacks comes from finer ones, then from coarser ones', async () => {
  for (const [key, red] of [
    ['6/8/20', 60],
    ['8/36/80', 80],
    ['5/4/10', 50],
    ['5/5/10', 51],
  ] as const)
    pictures.set(key, await draw(() => [red, 0, 0, 255]));
  const mosaic = cube([
    { zoom: 5, sizePx: 64, columns: [4, 5], rows: [10, 10] },
    { zoom: 6, sizePx: 64, columns: [8, 8], rows: [20, 20] },
    { zoom: 8, sizePx: 64, columns: [36, 36], rows: [80, 80] },
  ]);
  expect(mosaic.grid!.resX).toBeCloseTo(mercator.grid({ z: 8, x: 0, y: 0 }, 64).resX);
  const at = await read(mosaic, { ...mercator.grid({ z: 6, x: 8, y: 20 }, 64), width: 256 });
  // Cell 8 itself; in 9 a quarter of a quarter from zoom 8, the rest from zoom 5; 10 and 11 from zoom 5.
  expect([at(0, 3, 3), at(0, 70, 3), at(0, 90, 3), at(0, 130, 3), at(0, 250, 3)]).toEqual([
    60, 80, 50, 51, 51,
  ]);
});

test('windows in another reference system have no seams', async () => {
  const mosaic = cube([await fill(8, [134, 140], [86, 92])]);
  const utm = crsFromEpsg(32633);
  const bounds = transformBounds(mercator.bounds({ z: 8, x: 137, y: 89 }), webMercator, utm);
  const at = await read(mosaic, gridForBounds(bounds, utm, 800));
  const { width, height } = gridForBounds(bounds, utm, 800);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) expect(at(3, x, y)).toBe(255);
});

test('pictures of another size, grey ones and 16 bits are brought to the level’s', async () => {
  pictures.set('6/1/1', await draw((x) => [x < 16 ? 10 : 200, 0, 0, 255], 32));
  pictures.set(
    '6/2/1',
    await sharp(Buffer.alloc(64 * 64, 77), { raw: { width: 64, height: 64, channels: 1 } })
      .jpeg()
      .toBuffer(),
  );
  pictures.set(
    '6/3/1',
    await sharp(new Uint16Array(64 * 64 * 3).fill(0x8080), { raw: { width: 64, height: 64, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer(),
  );
  const mosaic = cube([{ zoom: 6, sizePx: 64, columns: [1, 3], rows: [1, 1] }]);
  const at = await read(mosaic, { ...mercator.grid({ z: 6, x: 1, y: 1 }, 64), width: 192 });
  expect([at(0, 31, 5), at(0, 32, 5), at(3, 32, 5)]).toEqual([10, 200, 255]);
  expect([0, 1, 2, 3].map((band) => at(band, 100, 30))).toEqual([77, 77, 77, 255]);
  expect([0, 1, 2].map((band) => at(band, 150, 30))).toEqual([128, 128, 128]);
});

test('bands in any order, and no look beyond the cells that there are', async () => {
  const mosaic = cube([await fill(6, [10, 10], [20, 20])], [rgba[2], rgba[0]]);
  const at = await read(mosaic, mercator.grid({ z: 6, x: 10, y: 20 }, 64));
  expect([at(0, 3, 4), at(1, 3, 4)]).toEqual([7, 10]);
  const away = await read(mosaic, mercator.grid({ z: 6, x: 40, y: 20 }, 64));
  expect(away(0, 5, 5)).toBeNaN();
  const { data, shape } = await mosaic.read(
    { grid: mercator.grid({ z: 6, x: 10, y: 20 }, 64), select: new Map([['t', []]]) },
    signal,
  );
  expect([shape, data.length]).toEqual([[0, 2, 64, 64], 0]);
});

test('a scale that takes too many pictures is refused, unless a coarser level serves', async () => {
  const fine = { zoom: 20, sizePx: 64, columns: [0, 2 ** 20 - 1], rows: [0, 2 ** 20 - 1] } as const;
  const grid = mercator.grid({ z: 5, x: 4, y: 10 }, 256);
  await expect(cube([fine]).read({ grid }, signal)).rejects.toMatchObject({ code: 'ProcessGraphComplexity' });
  pictures.set('3/1/2', await draw(() => [9, 0, 0, 255]));
  const at = await read(cube([{ zoom: 3, sizePx: 64, columns: [1, 1], rows: [2, 2] }, fine]), grid);
  expect(at(0, 100, 100)).toBe(9);
});

test('a picture that does not decode is told; an aborted read stops', async () => {
  pictures.set('6/1/1', Buffer.from('no picture'));
  const mosaic = cube([{ zoom: 6, sizePx: 64, columns: [1, 1], rows: [1, 1] }]);
  const grid = mercator.grid({ z: 6, x: 1, y: 1 }, 64);
  await expect(mosaic.read({ grid }, signal)).rejects.toMatchObject({ code: 'SourceUnreadable' });
  await expect(mosaic.read({ grid }, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});

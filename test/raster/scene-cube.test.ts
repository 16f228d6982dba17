import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCrs, transformBounds, wgs84 } from '../../src/geo/crs';
import { gridForBounds, subGrid } from '../../src/geo/grid';
import { gridBounds } from '../../src/raster/cube';
import type { Scene, SceneBand, SceneCubeOptions } from '../../src/raster/source';
import { newReader, world } from './support/scenes';
import { pixelOf, type TinyOptions, tinyTiff } from './support/tiny-tiff';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-scenes-'));
const reader = newReader();
const signal = () => AbortSignal.timeout(10_000);
afterAll(async () => {
  await reader.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, options?: TinyOptions): string {
  const path = join(folder, `${name}.tif`);
  writeFileSync(path, tinyTiff(options));
  return path;
}

/** A tie point: the top left corner in EPSG:32632. */
const at = (x: number, y: number, scale = 10): TinyOptions['tags'] => ({
  33550: [12, [scale, scale, 0]],
  33922: [12, [0, 0, 0, x, y, 0]],
});

const band = (href: string, more: Partial<SceneBand> = {}): SceneBand => ({ href, sample: 0, ...more });

function scene(datetime: string, bands: Record<string, SceneBand>): Scene {
  return { datetime, bbox: world, bands: new Map(Object.entries(bands)) };
}

function cube(scenes: readonly Scene[], bands: readonly string[], more: Partial<SceneCubeOptions> = {}) {
  return reader.sceneCube(
    {
      scenes,
      bands: bands.map((name) => ({ name })),
      names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
      dataVersion: '1',
      ...more,
    },
    signal(),
  );
}

const left = file('left');
const right = file('right', { tags: at(600320, 5000000) });
const coarse = file('coarse', { tags: at(600000, 5000000, 20) });

describe('cubes of scenes', () => {
  test('have the dimensions that the collection names, in its order', async () => {
    const one = await cube([scene('2024-01-02T00:00:00Z', { a: band(left) })], ['a'], {
      names: { x: 'X', y: 'Y', t: 'time', bands: 'spectral' },
      order: ['spectral', 'time', 'Y', 'X'],
    });
    expect(one.dimensions.map(({ name, type }) => [name, type])).toEqual([
      ['spectral', 'bands'],
      ['time', 'temporal'],
      ['Y', 'spatial'],
      ['X', 'spatial'],
    ]);
    expect(one).toMatchObject({ dataType: 'uint8', missing: 'nan', locality: 'local', isGridFixed: false });
  });

  test('keep the order of layers, and read only what is selected', async () => {
    const missing = join(folder, 'not-there.tif');
    const scenes = [
      scene('2024-03-01T00:00:00Z', { a: band(left, { offset: 1000 }), b: band(left, { offset: 2000 }) }),
      scene('2024-01-01T00:00:00Z', { a: band(left, { offset: 3000 }), b: band(missing) }),
    ];
    const both = await cube([scenes[1], scenes[0]], ['a', 'b'].reverse(), {}).catch((error: Error) => error);
    // The first scene of band b is opened for its type: one that is not there is told at once.
    expect(both).toMatchObject({ code: 'SourceUnreadable' });
    const ordered = await cube(scenes, ['a', 'b']);
    expect(ordered.dimensions[0].labels).toEqual(['2024-01-01T00:00:00Z', '2024-03-01T00:00:00Z']);
    const grid = subGrid(ordered.grid!, 5, 7, 3, 2);
    const value = pixelOf(5, 7);
    for (const [times, bands, expected] of [
      [[1], [0, 1], [1000, 2000]],
      [[1], [1, 0], [2000, 1000]],
      [[1, 0], [0], [1000, 3000]],
    ]) {
      const select = new Map([
        ['t', times],
        ['bands', bands],
      ]);
      const block = await ordered.read({ grid, select }, signal());
      expect(block.shape).toEqual([times.length, bands.length, 2, 3]);
      expect(expected.map((_, layer) => block.data[layer * 6])).toEqual(
        expected.map((offset) => value + offset),
      );
    }
    await expect(ordered.read({ grid }, signal())).rejects.toMatchObject({ code: 'SourceUnreadable' });
  });

  test('lay scenes of one time over each other, earlier ones on top', async () => {
    const time = '2024-01-01T00:00:00Z';
    const mosaic = await cube(
      [scene(time, { a: band(left) }), scene(time, { a: band(right, { offset: 500 }) })],
      ['a'],
    );
    expect(mosaic.dimensions[0].labels).toEqual([time]);
    expect(mosaic.grid).toMatchObject({ originX: 600000, width: 96, height: 48 });
    const { data } = await mosaic.read({ grid: mosaic.grid! }, signal());
    expect(data[63]).toBe(pixelOf(63, 0));
    expect(data[64]).toBe(pixelOf(32, 0) + 500);
    expect(data[95]).toBe(pixelOf(63, 0) + 500);
  });

  test('merge resolutions on the finest grid', async () => {
    const merged = await cube(
      [scene('2024-01-01T00:00:00Z', { a: band(coarse), b: band(left) })],
      ['a', 'b'],
    );
    // The coarse scene reaches further; the grid is that of the fine band's files.
    expect(merged.grid).toMatchObject({ resX: 10, width: 64, height: 48 });
    const { data } = await merged.read({ grid: merged.grid! }, signal());
    for (const [column, row] of [
      [0, 0],
      [13, 21],
      [63, 47],
    ]) {
      expect(data[row * 64 + column]).toBe(pixelOf(column >> 1, row >> 1));
      expect(data[64 * 48 + row * 64 + column]).toBe(pixelOf(column, row));
    }
  });

  test('end at their extent, whatever is asked for', async () => {
    const utm = parseCrs(32632);
    const bounds = { west: 600100, south: 4999700, east: 600300, north: 4999900 };
    const one = await cube([scene('2024-01-01T00:00:00Z', { a: band(left) })], ['a'], {
      extent: { bounds, crs: utm },
    });
    expect(one.grid).toMatchObject({ originX: 600100, originY: 4999900, width: 20, height: 20 });
    const wide = gridForBounds({ west: 599900, south: 4999500, east: 600700, north: 5000100 }, utm, 10);
    const { data } = await one.read({ grid: wide }, signal());
    let inside = 0;
    for (let i = 0; i < data.length; i++) if (!Number.isNaN(data[i])) inside++;
    expect(inside).toBe(400);
    const geographic = await cube([scene('2024-01-01T00:00:00Z', { a: band(left) })], ['a'], {
      extent: { bounds: transformBounds(bounds, utm, wgs84) },
    });
    const { data: bent } = await geographic.read({ grid: wide }, signal());
    let count = 0;
    for (let i = 0; i < bent.length; i++) if (!Number.isNaN(bent[i])) count++;
    expect(Math.abs(count - 400)).toBeLessThan(60);
  });

  test('an extent elsewhere has a grid, and nothing in it', async () => {
    const one = await cube([scene('2024-01-01T00:00:00Z', { a: band(left) })], ['a'], {
      extent: { bounds: { west: 1, south: 1, east: 1.001, north: 1.001 } },
    });
    const { data } = await one.read({ grid: { ...one.grid!, width: 4, height: 4 } }, signal());
    expect([...(data as Float32Array)].every(Number.isNaN)).toBe(true);
  });

  test('no-data of the catalogue hides pixels, scale and offset change the others', async () => {
    const one = await cube(
      [scene('2024-01-01T00:00:00Z', { a: band(left, { nodata: 1, scale: 0.5, offset: -1 }) })],
      ['a'],
    );
    expect(one.dataType).toBe('float32');
    const { data } = await one.read({ grid: one.grid! }, signal());
    expect(data[0]).toBeNaN();
    expect(data[1]).toBe(2 * 0.5 - 1);
  });

  test('know when a file is another', async () => {
    const path = file('changing');
    const scenes = [scene('2024-01-01T00:00:00Z', { a: band(path) })];
    const own = newReader();
    const make = () =>
      own.sceneCube(
        {
          scenes,
          bands: [{ name: 'a' }],
          names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
          dataVersion: '1',
        },
        signal(),
      );
    const before = await make();
    expect((await make()).dataVersion).toBe(before.dataVersion);
    writeFileSync(path, tinyTiff({ tags: at(600000, 5000000) }));
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    const other = newReader();
    const after = await other.sceneCube(
      { scenes, bands: [{ name: 'a' }], names: { x: 'x', y: 'y', t: 't', bands: 'bands' }, dataVersion: '1' },
      signal(),
    );
    expect(after.dataVersion).not.toBe(before.dataVersion);
    await Promise.all([own.close(), other.close()]);
  });

  test('stop on an abort with its reason, and do not start after one', async () => {
    const one = await cube([scene('2024-01-01T00:00:00Z', { a: band(left) })], ['a']);
    const reason = new Error('client left');
    await expect(one.read({ grid: one.grid! }, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const reading = one.read({ grid: { ...one.grid!, width: 4000, height: 4000 } }, controller.signal);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  test('without any file of their bands are refused', async () => {
    await expect(cube([], ['a'])).rejects.toMatchObject({ code: 'SourceUnreadable' });
  });

  test('a window that no scene touches is empty', async () => {
    const one = await cube([scene('2024-01-01T00:00:00Z', { a: band(left) })], ['a']);
    const far = subGrid(one.grid!, 10_000, 10_000, 8, 8);
    expect(gridBounds(far).west).toBeGreaterThan(gridBounds(one.grid!).east);
    const { data } = await one.read({ grid: far }, signal());
    expect([...(data as Float32Array)].every(Number.isNaN)).toBe(true);
  });
});

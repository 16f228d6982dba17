import fc from 'fast-check';
import { webMercator } from '../../../src/geo/crs';
import { gridForBounds } from '../../../src/geo/grid';
import { planMap } from '../../../src/pyramid/map/plan';
import { defineCube } from '../../../src/raster/cube';
import { memoryCube } from '../../../src/raster/memory-cube';
import { decode } from '../support/pictures';
import { openWorkshop, tiles, type Workshop } from '../support/workshop';

jest.setTimeout(240_000);

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

describe('a cube', () => {
  const dimensions = [
    { type: 'bands', name: 'bands', labels: ['r', 'g', 'b'] },
    { type: 'spatial', name: 'y', axis: 'y' },
    { type: 'spatial', name: 'x', axis: 'x' },
  ] as const;
  const grid = gridForBounds(
    { west: 1252344, south: 5866628, east: 1257236, north: 5871520 },
    webMercator,
    19.2,
  );
  const plane = grid.width * grid.height;
  const cube = memoryCube({
    ...{ dimensions, grid, dataType: 'uint8' },
    data: Uint8Array.from({ length: plane * 3 }, (_, i) => (i * 7) % 251),
  });

  test('is tiled at the zooms of its resolution', async () => {
    const { result } = await shop.generate({ kind: 'cube', cube });
    expect(result).toMatchObject({ maxzoom: 12, minzoom: 12, width: grid.width, levels: 1 });
    expect(result.tile_count).toBe(tiles(await shop.keys(result.tiles_path)).length);
    const document = JSON.parse(String(await shop.read(`${result.tiles_path}tilejson.json`)));
    expect(document).toMatchObject({
      ...{ tilejson: '3.0.0', tiles: ['{z}/{x}/{y}.png'], minzoom: 12, maxzoom: 12, scheme: 'xyz' },
    });
    expect(document.bounds[0]).toBeCloseTo(11.25, 2);
  });

  test('only where an area is', async () => {
    const plain = planMap({ grid, tileSizePx: 256, minzoom: 10, maxzoom: 17 });
    const [west, south, east, north] = [11.255, 46.56, 11.27, 46.565];
    const ring = [
      [west, south],
      [east, south],
      [east, north],
      [west, south],
    ];
    const area = { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } };
    const options = { area, minzoom: 10, maxzoom: 17 };
    const run = await shop.estimate({ kind: 'cube', cube }, options);
    expect(run.tile_count).toBeLessThan(plain.total / 2);
    const { result } = await shop.generate({ kind: 'cube', cube }, options);
    expect(result.tile_count + result.skipped_empty).toBe(run.tile_count);
    // Each point of the area is on a tile of every zoom, and those tiles are whole, as without an area.
    const made = tiles(await shop.keys(result.tiles_path));
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.integer({ min: 10, max: 17 }), (right, up, z) => {
        const lon = west + (east - west) * Math.max(right, up);
        const lat = ((south + (north - south) * 0.99 * Math.min(right, up)) * Math.PI) / 180;
        const x = Math.floor(((lon + 180) / 360) * 2 ** z);
        const y = Math.floor((0.5 - Math.asinh(Math.tan(lat)) / (2 * Math.PI)) * 2 ** z);
        expect(made).toContain(`${z}/${x}/${y}.png`);
      }),
    );
    const all = await shop.generate({ kind: 'cube', cube }, { minzoom: 10, maxzoom: 15 });
    for (const name of made.filter((each) => Number(each.split('/')[0]) <= 15))
      expect(await shop.read(result.tiles_path + name)).toEqual(
        await shop.read(all.result.tiles_path + name),
      );
    const elsewhere = {
      type: 'Polygon',
      coordinates: [
        [
          [100, 0],
          [101, 0],
          [101, 1],
          [100, 0],
        ],
      ],
    };
    expect((await shop.generate({ kind: 'cube', cube }, { area: elsewhere })).result.tile_count).toBe(0);
    for (const wrong of [
      {},
      { type: 'Point', coordinates: [1, 2] },
      { type: 'Polygon', coordinates: [[['a', 2]]] },
      { type: 'FeatureCollection', features: [] },
    ])
      await expect(shop.generate({ kind: 'cube', cube }, { area: wrong })).rejects.toMatchObject({
        code: 'RequestInvalid',
      });
  });

  test.each(['bilinear', 'average'] as const)('resampled by %s on request', async (resampling) => {
    const { result } = await shop.generate({ kind: 'cube', cube }, { resampling, minzoom: 9, maxzoom: 13 });
    const near = await shop.generate({ kind: 'cube', cube }, { minzoom: 9, maxzoom: 13 });
    expect(result.tile_count).toBe(near.result.tile_count);
    const [one, other] = await Promise.all(
      [result, near.result].map(async (each) => decode(await shop.read(`${each.tiles_path}9/272/180.png`))),
    );
    expect(one.data.equals(other.data)).toBe(false);
  });

  test('reads no more than the tiles need, and failures of its source end the generation', async () => {
    let reads = 0;
    const failing = defineCube({
      ...cube,
      async read(window, signal) {
        if (++reads > 5) throw new Error('disk on fire');
        return cube.read(window, signal);
      },
    });
    const before = await shop.keys('out/');
    await expect(
      shop.generate({ kind: 'cube', cube: failing }, { minzoom: 12, maxzoom: 17 }),
    ).rejects.toThrow('disk on fire');
    const left = (await shop.keys('out/')).filter((key) => !before.includes(key));
    expect(left.some((key) => key.endsWith('metadata.json'))).toBe(false);
    expect(reads).toBeLessThan(5 + 1 + 16);
  });

  test('a run that goes on after a failure does not look again at what is stored or empty', async () => {
    const data = new Float32Array(plane).fill(Number.NaN);
    // Something in the north-west only.
    for (let row = 0; row < 20; row++) data.fill(9, row * grid.width, row * grid.width + 20);
    const bands = [{ type: 'bands', name: 'bands', labels: ['r'] }, ...dimensions.slice(1)] as const;
    const sparse = memoryCube({ dimensions: bands, grid, dataType: 'uint8', missing: 'nan', data });
    let reads = 0;
    let failsAfter = 80;
    const counted = defineCube({
      ...sparse,
      async read(window, signal) {
        if (++reads > failsAfter) throw new Error('not today');
        return sparse.read(window, signal);
      },
    });
    const source = { kind: 'cube', cube: counted } as const;
    const options = { minzoom: 12, maxzoom: 16 };
    await expect(shop.generate(source, options, { prefix: 'resumed/' })).rejects.toThrow('not today');
    const first = reads;
    failsAfter = Number.POSITIVE_INFINITY;
    const { result } = await shop.generate(source, options, { prefix: 'resumed/' });
    const whole = await shop.generate({ kind: 'cube', cube: sparse }, options);
    expect(result).toMatchObject({
      tile_count: whole.result.tile_count,
      skipped_empty: whole.result.skipped_empty,
    });
    expect(result.skipped_empty).toBeGreaterThan(100);
    // Those in work when it failed are looked at twice.
    expect(reads - first).toBeLessThanOrEqual(result.tile_count + result.skipped_empty - first + 2 * 16);
    expect((await shop.keys('resumed/')).filter((key) => key.includes('empty'))).toEqual([]);
  });

  test('wrong zooms and layouts are refused', async () => {
    for (const options of [{ minzoom: 5, maxzoom: 4 }, { layout: 'dzi' as const }])
      await expect(shop.generate({ kind: 'cube', cube }, options)).rejects.toMatchObject({
        code: 'RequestInvalid',
      });
  });
});

import { crsFromEpsg, transformer, wgs84 } from '../../src/geo/crs';
import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { TileAddress } from '../../src/geo/types';
import { adminPassword, type Json } from '../support/api';
import { decodePicture, type Picture } from '../support/picture';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
let limited: TestServer;
beforeAll(async () => {
  const collections = [await sampleCollection()];
  server = await startServer({ collections });
  limited = await startServer({ collections, limitPixels: 2_000_000 });
});
afterAll(async () => {
  await server?.stop();
  await limited?.stop();
});

const matrixSet = tileMatrixSet('WebMercatorQuad')!;
const from = (name: string) => ({ from_parameter: name });
const node = (name: string) => ({ from_node: name });
const callback = (process_id: string, args: object) => ({
  process_graph: { a: { process_id, arguments: args, result: true } },
});

const box = { west: 675_500, south: 5_290_500, east: 678_000, north: 5_293_000, crs: 32632 };
const load = (bands: readonly string[], extent: object | null = null) => ({
  process_id: 'load_collection',
  arguments: { id: 'TILEGRAPH_SAMPLE', spatial_extent: extent, temporal_extent: null, bands },
});
const reduced = (data: string, process_id = 'last', dimension = 't') => ({
  process_id: 'reduce_dimension',
  arguments: { data: node(data), dimension, reducer: callback(process_id, { data: from('data') }) },
});
const png = (data: string) => ({
  process_id: 'save_result',
  arguments: { data: node(data), format: 'PNG', options: { range: [0, 0.4] } },
  result: true,
});

async function create(process_graph: Json, configuration: Json = {}, on = server): Promise<string> {
  const response = await on.call('POST', '/services', {
    type: 'xyz',
    process: { process_graph },
    configuration,
  });
  if (response.status !== 201) throw new Error(await response.text());
  return response.headers.get('openeo-identifier')!;
}

const get = (id: string, { z, x, y }: TileAddress, on = server) =>
  on.call('GET', `/services/xyz/${id}/tiles/${z}/${x}/${y}`);

async function picture(id: string, tile: TileAddress): Promise<Picture> {
  const response = await get(id, tile);
  if (response.status !== 200) throw new Error(await response.text());
  return decodePicture(await response.arrayBuffer());
}

/** A tile in which the box ends. */
const [west, north] = transformer(crsFromEpsg(32632), wgs84).forward(box.west, box.north);
const edge = matrixSet.tileAt(west, north, 13);

function different(one: Picture, other: Picture): number {
  let count = 0;
  for (let at = 0; at < one.data.length; at += 4)
    if ([0, 1, 2, 3].some((channel) => one.data[at + channel] !== other.data[at + channel])) count++;
  return count;
}

/** Pixels that show something. */
const shown = ({ data }: Picture) => data.filter((_, index) => index % 4 === 3 && data[index] > 0).length;

test.each([12, 14])('four tiles of 256 are one of 512, with merged bands and a mask (zoom %i)', async (z) => {
  const graph = {
    fine: load(['B04', 'B08']),
    coarse: load(['B11']),
    classes: load(['SCL']),
    class: reduced('classes', 'first', 'bands'),
    clouds: {
      process_id: 'apply',
      arguments: { data: node('class'), process: callback('gt', { x: from('x'), y: 7 }) },
    },
    merged: {
      process_id: 'merge_cubes',
      arguments: { cube1: node('fine'), cube2: node('coarse') },
    },
    clear: { process_id: 'mask', arguments: { data: node('merged'), mask: node('clouds') } },
    last: reduced('clear'),
    save: png('last'),
  };
  const whole = await create(graph, { tile_size: 512 });
  const quarter = await create(graph);
  const tile = matrixSet.tileAt(11.34, 47.77, z);
  const one = await picture(whole, tile);
  expect(one.width).toBe(512);
  expect(shown(one)).toBeGreaterThan(10_000);
  let differing = 0;
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ]) {
    const part = await picture(quarter, { z: z + 1, x: 2 * tile.x + dx, y: 2 * tile.y + dy });
    for (let row = 0; row < 256; row++)
      for (let column = 0; column < 256; column++)
        if (one.pixel(dx * 256 + column, dy * 256 + row).join() !== part.pixel(column, row).join())
          differing++;
  }
  expect(differing / (512 * 512)).toBeLessThanOrEqual(0.001);
});

describe('the extent of the data is where tiles end', () => {
  const values = {
    load: load(['B04'], box),
    band: reduced('load', 'first', 'bands'),
    last: reduced('band'),
  };
  const constant = {
    ...values,
    five: {
      process_id: 'apply',
      arguments: { data: node('last'), process: callback('constant', { x: 5 }) },
    },
  };
  const colours = { '5': '#ff0000' };

  test.each([
    ['drawn as they are', { ...constant, save: png('five') }],
    [
      'coloured',
      {
        ...constant,
        colour: {
          process_id: 'colormap',
          arguments: { data: node('five'), palette: colours },
          result: true,
        },
      },
    ],
  ] as const)('also for values that a callback makes of nothing, %s', async (_, graph) => {
    const data = await picture(await create({ ...values, save: png('last') }), edge);
    expect(shown(data)).toBeGreaterThan(1000);
    expect(shown(data)).toBeLessThan(256 * 256 - 1000);
    const id = await create(graph);
    const made = await picture(id, edge);
    // What is missing inside of the extent has a value here.
    expect(shown(made)).toBeGreaterThanOrEqual(shown(data));
    const full = await picture(await create(graph, { tile_size: 512 }), edge);
    const area = shown(full) / 4;
    expect(Math.abs(shown(made) - area) / area).toBeLessThan(0.01);
    expect(shown(made)).toBeLessThan(256 * 256 - 1000);
    const outside = await picture(id, matrixSet.tileAt(20, 50, 13));
    expect(shown(outside)).toBe(0);
  });
});

describe('graphs that need the whole scene', () => {
  const local = { load: load(['B04', 'B03', 'B02'], box), last: reduced('load') };
  /** Puts the values along an axis where they were. */
  const along = (data: string, dimension: string) => ({
    process_id: 'apply_dimension',
    arguments: { data: node(data), dimension, process: callback('array_create', { data: from('data') }) },
  });
  const whole = { ...local, y: along('last', 'y'), x: along('y', 'x') };

  test('are cut from the scene, which is computed once', async () => {
    const [plain, scene] = [
      await create({ ...local, save: png('last') }),
      await create({ ...whole, save: png('x') }),
    ];
    for (const tile of [edge, matrixSet.tileAt(west, north, 14)]) {
      const [one, other] = [await picture(plain, tile), await picture(scene, tile)];
      expect(shown(one)).toBeGreaterThan(1000);
      expect(different(one, other)).toBe(0);
    }
    const result = await server.call('POST', '/result', {
      process: { process_graph: { ...whole, save: png('x') } },
    });
    expect(result.headers.get('content-type')).toBe('image/png');
  });

  test('are refused when the service is made, where the scene is over the limit', async () => {
    const large = { ...whole, load: load(['B04', 'B03', 'B02']) };
    const post = (process_graph: Json, id?: string) =>
      limited.call(id ? 'PATCH' : 'POST', `/services${id ? `/${id}` : ''}`, {
        ...(!id && { type: 'xyz' }),
        process: { process_graph },
      });
    const refused = await post({ ...large, save: png('x') });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: 'ProcessGraphComplexity' });
    const id = await create({ ...whole, save: png('x') }, {}, limited);
    expect((await get(id, edge, limited)).status).toBe(200);
    expect((await post({ ...large, save: png('x') }, id)).status).toBe(400);
    expect((await post({ ...large, save: png('last') }, id)).status).toBe(204);
  });

  test('without x and y are the same JSON for every tile', async () => {
    const mean = {
      load: load(['B04'], box),
      last: reduced('load'),
      x: reduced('last', 'mean', 'x'),
      y: { ...reduced('x', 'mean', 'y'), result: true },
    };
    const id = await create(mean);
    const [one, other] = [await get(id, edge), await get(id, { z: 0, x: 0, y: 0 })];
    expect([one.status, one.headers.get('content-type')]).toEqual([200, 'application/json']);
    const [value] = ((await one.json()) as { data: number[] }).data;
    expect(value).toBeGreaterThan(0);
    expect(other.headers.get('etag')).toBe(one.headers.get('etag'));
    const huge = await create({ ...mean, load: load(['B04', 'B03', 'B02']) }, {}, limited);
    const refused = await get(huge, edge, limited);
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'ProcessGraphComplexity' }),
    ]);
  });
});

test('documents for map clients have a tag that follows their content', async () => {
  const graph = { load: load(['B04'], box), last: reduced('load'), save: png('last') };
  const id = await create(graph);
  const document = (headers: Record<string, string> = {}) =>
    server.login('admin', adminPassword).then((token) =>
      fetch(`${server.api}/services/xyz/${id}/tilejson.json`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
    );
  const first = await document();
  const tag = first.headers.get('etag')!;
  expect(first.headers.get('vary')).toMatch(/Authorization/);
  const again = await document({ 'if-none-match': tag });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const change = { configuration: { maxzoom: 21 } };
  expect((await server.call('PATCH', `/services/${id}`, change)).status).toBe(204);
  const changed = await document({ 'if-none-match': tag });
  expect([changed.status, await changed.json()]).toEqual([200, expect.objectContaining({ maxzoom: 21 })]);
});

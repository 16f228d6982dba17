import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { webMercator } from '../../../src/geo/crs';
import { gridForBounds } from '../../../src/geo/grid';
import { findFormat } from '../../../src/raster/formats/registry';
import { memoryCube } from '../../../src/raster/memory-cube';
import { until } from '../../jobs/support/world';
import { drawing, encode } from '../../pyramid/support/pictures';
import { startServer, type TestServer } from '../../support/server';

jest.setTimeout(120_000);

type Json = Record<string, unknown>;

let server: TestServer;
let ann: string;
beforeAll(async () => {
  server = await startServer();
  ann = await server.user('ann');
  await put('map.png', await encode(drawing(901, 703), 901, 703, 'png'));
  await put('scene.tif', await scene());
  await put('text.txt', Buffer.from('hello'));
});
afterAll(() => server.stop());

async function put(path: string, body: Buffer) {
  const headers = { authorization: `Bearer ${ann}`, 'content-type': 'application/octet-stream' };
  await fetch(`${server.api}/files/${path}`, { method: 'PUT', headers, body: new Uint8Array(body) });
}

/** A raster of three bands in Web Mercator. */
async function scene(): Promise<Buffer> {
  const bounds = { west: 1252344, south: 5866628, east: 1257236, north: 5871520 };
  const grid = gridForBounds(bounds, webMercator, 19.2);
  const cube = memoryCube({
    dimensions: [
      { type: 'bands', name: 'bands', labels: ['r', 'g', 'b'] },
      { type: 'spatial', name: 'y', axis: 'y' },
      { type: 'spatial', name: 'x', axis: 'x' },
    ],
    ...{ grid, dataType: 'uint8' },
    data: Uint8Array.from({ length: grid.width * grid.height * 3 }, (_, i) => (i * 7) % 251),
  });
  const { signal } = new AbortController();
  const { body } = await findFormat('GTiff')!.encode(cube, { options: {}, signal, maxPixels: 1e9 });
  return body instanceof Uint8Array ? Buffer.from(body) : buffer(body);
}

const node = (args: Json) => ({ tiles: { process_id: 'tile_generation', arguments: args, result: true } });

async function run(process_graph: Json) {
  const made = await server.call('POST', '/jobs', { process: { process_graph } }, ann);
  if (made.status !== 201) return { id: '', seen: [], job: (await made.json()) as Json, status: made.status };
  const id = made.headers.get('openeo-identifier')!;
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  return { id, status: made.status, ...(await follow(id)) };
}

async function follow(id: string) {
  const seen: Json[] = [];
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(5)) {
    const job = (await (
      await server.call('GET', `${server.url}/api/jobs/${id}`, undefined, ann)
    ).json()) as Json;
    if (JSON.stringify(job) !== JSON.stringify(seen.at(-1))) seen.push(job);
    if (['completed', 'failed', 'canceled', 'created'].includes(String(job['status']))) return { job, seen };
  }
  throw new Error(`The job does not end: ${JSON.stringify(seen.at(-1))}`);
}

async function results(id: string) {
  const response = await server.call('GET', `/jobs/${id}/results`, undefined, ann);
  return ((await response.json()) as { assets: Record<string, { href: string }> }).assets;
}

const read = async (href: string) => (await (await fetch(href)).json()) as Json;
const tile = (id: string, path: string, token = ann) =>
  server.call('GET', `${server.url}/api/jobs/${id}/tiles/${path}`, undefined, token);

test('a file of the user becomes a pyramid; the job’s results describe it', async () => {
  const { id, job, seen } = await run(node({ data: 'map.png', archive: 'pmtiles', format: 'webp' }));
  expect(job).toMatchObject({ status: 'completed', error: null });
  const assets = await results(id);
  expect(Object.keys(assets).sort()).toEqual([
    'metadata.json',
    'result.json',
    'tilejson.json',
    'tiles.pmtiles',
  ]);
  const metadata = await read(assets['metadata.json'].href);
  expect(metadata).toMatchObject({ width: 901, height: 703, levels: 3, tile_count: 17, format: 'webp' });
  expect(await read(assets['result.json'].href)).toEqual(metadata);
  expect(await read(assets['tilejson.json'].href)).toMatchObject({ tilejson: '3.0.0', maxzoom: 2 });
  const archive = Buffer.from(await (await fetch(assets['tiles.pmtiles'].href)).arrayBuffer());
  expect(archive.subarray(0, 7).toString()).toBe('PMTiles');
  const progress = seen.map((each) => Number(each['progress']));
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  // The tiles stay when the job is complete, for their owner; they go with it.
  const path = `${String(metadata['tiles_path']).split('/')[2]}/0/0/0.webp`;
  expect((await tile(id, path)).status).toBe(200);
  expect((await tile(id, path, await server.user('eve'))).status).toBe(404);
  await server.call('DELETE', `/jobs/${id}`, undefined, ann);
  expect((await server.application.objects.list(`pyramids/${id}`)).items).toEqual([]);
});

test.each([true, false])('started again with overwrite %s', async (overwrite) => {
  const { id } = await run(node({ data: 'map.png', overwrite }));
  const { objects } = server.application;
  const { items } = await objects.list(`pyramids/${id}/`);
  const { key, size } = items.find((each) => each.key.endsWith('/0/0/0.png'))!;
  await objects.put(key, Buffer.from('spoilt'));
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  expect((await follow(id)).job).toMatchObject({ status: 'completed' });
  expect((await objects.head(key))?.size).toBe(overwrite ? size : 6);
  expect((await objects.list(`pyramids/${id}/`)).items).toHaveLength(items.length);
});

test('started again with another graph, the old pyramid goes when the new one is complete', async () => {
  const { id } = await run(node({ data: 'map.png' }));
  const { objects } = server.application;
  const folders = async () => {
    const { items } = await objects.list(`pyramids/${id}/`);
    return [...new Set(items.map(({ key }) => `${key.split('/').slice(0, 3).join('/')}/`))];
  };
  const [old] = await folders();
  const again = async (graph: Json) => {
    await server.call('PATCH', `/jobs/${id}`, { process: { process_graph: graph } }, ann);
    await server.call('POST', `/jobs/${id}/results`, undefined, ann);
    return (await follow(id)).job;
  };
  // Failed, it keeps what a further try may build on.
  expect(await again(node({ data: 'none.png' }))).toMatchObject({ status: 'failed' });
  expect(await folders()).toEqual([old]);
  expect(await again(node({ data: 'map.png', format: 'webp' }))).toMatchObject({ status: 'completed' });
  await until('the old pyramid is removed', async () => (await folders()).length === 1 || undefined);
  const metadata = await read((await results(id))['metadata.json'].href);
  expect(await folders()).toEqual([metadata['tiles_path']]);
  expect(metadata['tiles_path']).not.toBe(old);
  expect((await tile(id, `${String(metadata['tiles_path']).split('/')[2]}/0/0/0.webp`)).status).toBe(200);
  // Several of a graph stay.
  const two = {
    first: { ...node({ data: 'map.png' }).tiles, result: false },
    ...node({ data: 'scene.tif' }),
  };
  expect(await again(two)).toMatchObject({ status: 'completed' });
  await until('the pyramid of one graph is removed', async () => (await folders()).length === 2 || undefined);
  expect(await folders()).not.toContain(metadata['tiles_path']);
  const none = { one: { process_id: 'add', arguments: { x: 1, y: 1 }, result: true } };
  expect(await again(none)).toMatchObject({ status: 'completed' });
  await until('no pyramid is left', async () => (await folders()).length === 0 || undefined);
});

test('pyramids of one graph have files of their own, which carry their nodes’ names', async () => {
  const stored = { process_graph: node({ data: { from_parameter: 'file' }, layout: 'dzi' }), parameters: [] };
  const parameters = [{ name: 'file', description: 'A picture.', schema: { type: 'string' } }];
  await server.call('PUT', '/process_graphs/deep', { ...stored, parameters }, ann);
  const { id, job } = await run({
    plain: { ...node({ data: 'map.png', archive: 'pmtiles', format: 'webp' }).tiles, result: false },
    place: { ...node({ data: 'scene.tif', archive: 'mbtiles', maxzoom: 12 }).tiles, result: false },
    zoom: { process_id: 'deep', arguments: { file: 'map.png' }, result: true },
  });
  expect(job).toMatchObject({ status: 'completed', error: null });
  const response = await server.call('GET', `/jobs/${id}/results`, undefined, ann);
  const collection = (await response.json()) as {
    assets: Record<string, { href: string; roles: string[]; 'file:size': number }>;
    links: { rel: string; href: string }[];
    extent: { spatial: { bbox: number[][] } };
  };
  const names = [
    ...['place-metadata.json', 'place-tilejson.json', 'place-tiles.mbtiles'],
    ...['plain-metadata.json', 'plain-tilejson.json', 'plain-tiles.pmtiles'],
    ...['zoom-tiles-image.dzi', 'zoom-tiles-metadata.json', 'result.json'],
  ];
  expect(Object.keys(collection.assets).sort()).toEqual([...names].sort());
  const files = new Map<string, Buffer>();
  for (const [name, { href, ...asset }] of Object.entries(collection.assets)) {
    const file = Buffer.from(await (await fetch(href)).arrayBuffer());
    expect([name, file.length]).toEqual([name, asset['file:size']]);
    files.set(name, file);
    const isData = /tiles\.(pm|mb)tiles$/.test(name) || name === 'result.json';
    expect([name, asset.roles]).toEqual([name, [isData ? 'data' : 'metadata']]);
  }
  const json = (name: string) => JSON.parse(String(files.get(name))) as Json;
  expect(json('plain-metadata.json')).toMatchObject({ width: 901, format: 'webp' });
  expect(json('place-metadata.json')).toMatchObject({ format: 'png', maxzoom: 12 });
  expect(json('zoom-tiles-metadata.json')).toMatchObject({ layout: 'dzi', width: 901 });
  expect(json('result.json')).toEqual(json('zoom-tiles-metadata.json'));
  expect(String(files.get('plain-tiles.pmtiles')).slice(0, 7)).toBe('PMTiles');
  expect(String(files.get('place-tiles.mbtiles')).slice(0, 6)).toBe('SQLite');
  // Each has an Item; those of the map say where it is.
  const items = collection.links.filter(({ rel }) => rel === 'item');
  expect(items).toHaveLength(names.length);
  const boxes = new Map<string, number[] | undefined>();
  for (const { href } of items) {
    const item = (await read(href)) as { id: string; bbox?: number[]; assets: Json; collection: string };
    expect([item.collection, Object.keys(item.assets)]).toEqual([id, [item.id]]);
    boxes.set(item.id, item.bbox);
  }
  expect([...boxes.keys()].sort()).toEqual([...names].sort());
  const [west, south, east, north] = boxes.get('place-tilejson.json')!;
  for (const [is, known] of [
    [west, 11.25],
    [south, 46.56],
    [east, 11.294],
    [north, 46.591],
  ])
    expect(is).toBeCloseTo(known, 1);
  expect(boxes.get('plain-tilejson.json')).toBeUndefined();
  expect(collection.extent.spatial.bbox).toEqual([[west, south, east, north]]);
  // Started again, each builds on its own tiles.
  const { objects } = server.application;
  const keys = async () => (await objects.list(`pyramids/${id}/`)).items.map(({ key }) => key);
  const before = await keys();
  const spoilt = before.filter((key) => key.endsWith('/0/0/0.webp') || key.endsWith('/0/0_0.png'));
  expect(spoilt).toHaveLength(2);
  for (const key of spoilt) await objects.put(key, Buffer.from('spoilt'));
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  expect((await follow(id)).job).toMatchObject({ status: 'completed' });
  expect(await keys()).toEqual(before);
  for (const key of spoilt) expect((await objects.head(key))?.size).toBe(6);
});

test('canceled, a job keeps the pyramid that is complete, and nothing of the other one', async () => {
  await put('large.png', await encode(drawing(4500, 4500), 4500, 4500, 'png'));
  const graph = {
    small: { ...node({ data: 'map.png' }).tiles, result: false },
    large: { process_id: 'tile_generation', arguments: { data: 'large.png', format: 'webp' }, result: true },
  };
  const made = await server.call('POST', '/jobs', { process: { process_graph: graph } }, ann);
  const id = made.headers.get('openeo-identifier')!;
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  const { objects, records } = server.application;
  const path = await until('one is complete and the other one begun', async () => {
    const assets = (await records.jobs.get(id))?.result?.assets ?? [];
    const metadata = assets.find(({ name }) => name === 'small-metadata.json');
    const folder = metadata?.key.slice(0, -'metadata.json'.length);
    const { items } = await objects.list(`pyramids/${id}/`);
    return folder && items.some(({ key }) => !key.startsWith(folder)) ? folder : undefined;
  });
  await server.call('DELETE', `/jobs/${id}/results`, undefined, ann);
  expect((await follow(id)).job).toMatchObject({ status: 'canceled' });
  await until('what was begun is removed', async () => {
    const { items } = await objects.list(`pyramids/${id}/`);
    return items.every(({ key }) => key.startsWith(path)) || undefined;
  });
  const assets = await results(id);
  expect(Object.keys(assets).sort()).toEqual(['small-metadata.json', 'small-tilejson.json']);
  expect((await read(assets['small-metadata.json'].href))['tile_count']).toBe(17);
  expect((await tile(id, `${path.split('/')[2]}/0/0/0.png`)).status).toBe(200);
});

test('a data cube becomes tiles of the map', async () => {
  const { id, job } = await run({
    load: { process_id: 'load_uploaded_files', arguments: { paths: ['scene.tif'], format: 'GTiff' } },
    ...node({ data: { from_node: 'load' }, minzoom: 10, maxzoom: 13, archive: 'mbtiles' }),
  });
  expect(job).toMatchObject({ status: 'completed', error: null });
  const assets = await results(id);
  const metadata = await read(assets['metadata.json'].href);
  expect(metadata).toMatchObject({ minzoom: 10, maxzoom: 13, levels: 4, layout: 'xyz' });
  const folder = String(metadata['tiles_path']).split('/')[2];
  const { items } = await server.application.objects.list(String(metadata['tiles_path']));
  const key = items.find((each) => each.key.includes('/12/'))!.key.split(`${folder}/`)[1];
  expect((await tile(id, `${folder}/${key}`)).headers.get('content-type')).toBe('image/png');
});

test('an asset of a project is a source, for those who may see the project', async () => {
  const owner = await server.user('owner');
  const projects = `${server.url}/api/projects`;
  await server.call('POST', projects, { slug: 'one' }, owner);
  await server.call('POST', `${projects}/one/versions`, undefined, owner);
  const form = new FormData();
  form.set('asset_type', 'base_map');
  form.set('file', new Blob([new Uint8Array(await encode(drawing(300, 200), 300, 200, 'png'))]), 'a.png');
  const headers = { authorization: `Bearer ${owner}` };
  const upload = await fetch(`${projects}/one/versions/1/assets`, { method: 'POST', headers, body: form });
  const asset = ((await upload.json()) as { id: string }).id;
  const process = { process_graph: node({ data: { project: 'one', version: 1, asset }, dry_run: true }) };
  const answer = await server.call('POST', '/result', { process }, owner);
  expect([answer.status, ((await answer.json()) as Json)['tile_count']]).toEqual([200, 3]);
  const refused = await server.call('POST', '/result', { process }, ann);
  expect([refused.status, ((await refused.json()) as Json)['code']]).toEqual([
    403,
    'PermissionsInsufficient',
  ]);
});

test('outside of a batch job it only counts', async () => {
  const result = async (args: Json) => {
    const answer = await server.call('POST', '/result', { process: { process_graph: node(args) } }, ann);
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  expect(await result({ data: 'map.png', dry_run: true })).toMatchObject({
    status: 200,
    body: {
      tile_count: 17,
      levels: [
        { zoom: 0, tiles: 1 },
        { zoom: 1, tiles: 4 },
        { zoom: 2, tiles: 12 },
      ],
    },
  });
  expect(await result({ data: 'map.png' })).toMatchObject({
    ...{
      status: 400,
      body: { code: 'ProcessGraphComplexity', message: expect.stringContaining('batch job') },
    },
  });
});

test.each([
  [{ data: 'none.png' }, 'none.png'],
  [{ data: 'text.txt' }, 'picture'],
  [{ data: '../x' }, 'x'],
  [{ data: 'map.png', minzoom: 3 }, 'minzoom'],
  [{ data: 'map.png', quality: 50 }, '0 to 9'],
  [{ data: { project: 'none', version: 1, asset: 'x' } }, 'none'],
])('%j fails with its reason and leaves nothing', async (args, reason) => {
  const { id, job } = await run(node(args));
  expect(job).toMatchObject({ status: 'failed', error: expect.stringContaining(reason) });
  expect((await server.application.objects.list(`pyramids/${id}`)).items).toEqual([]);
});

test('wrong arguments are refused before anything runs', async () => {
  for (const args of [
    { data: 'map.png', format: 'gif' },
    { data: 7 },
    { data: 'map.png', tile_size: 100 },
    {},
  ])
    expect(await run(node(args))).toMatchObject({ status: 400 });
});

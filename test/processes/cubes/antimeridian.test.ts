import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { bytesOf, encodeRequest, functionCube, utmGrid } from '../../raster/formats/support';
import { startServer, type TestServer } from '../../support/server';

/** Two scenes of one day that meet at 180°: the last zone of UTM with 1, the first with 2, of other pixels. */
const scenes = [
  { id: 'west', epsg: 32660, left: 822_000, res: 100, value: 1, bbox: [179.89, 0.08, 180, 0.21] },
  { id: 'east', epsg: 32601, left: 166_000, res: 200, value: 2, bbox: [-180, 0.08, -179.89, 0.21] },
];

let folder: string;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antimeridian-'));
  for (const { id, epsg, left, res, value, bbox } of scenes) {
    const grid = { ...utmGrid(12_000 / res, 13_000 / res, res, epsg), originX: left, originY: 23_000 };
    const cube = functionCube({ grid, bands: ['B'], dataType: 'uint8', value: () => value });
    await writeFile(
      join(folder, `${id}.tif`),
      await bytesOf((await gtiff.encode(cube, encodeRequest())).body),
    );
    const item = {
      ...{ type: 'Feature', stac_version: '1.0.0', id, collection: 'dateline', bbox, links: [] },
      geometry: { type: 'Point', coordinates: bbox.slice(0, 2) },
      properties: { datetime: `2024-05-01T0${value}:00:00Z` },
      assets: {
        B: { href: `./${id}.tif`, type: 'image/tiff; application=geotiff', 'eo:bands': [{ name: 'B' }] },
      },
    };
    await writeFile(join(folder, `${id}.json`), JSON.stringify(item));
  }
  const collection = {
    ...{
      type: 'Collection',
      stac_version: '1.0.0',
      id: 'dateline',
      description: 'Both sides',
      license: 'other',
    },
    extent: {
      spatial: { bbox: [[179.89, 0.08, -179.89, 0.21]] },
      temporal: { interval: [['2024-05-01T00:00:00Z', null]] },
    },
    links: scenes.map(({ id }) => ({ rel: 'item', href: `./${id}.json` })),
  };
  await writeFile(join(folder, 'collection.json'), JSON.stringify(collection));
  server = await startServer({ collections: [join(folder, 'collection.json')] });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

const graph = (spatial_extent: object | null, rest: object) => ({
  load: {
    process_id: 'load_collection',
    arguments: { id: 'dateline', spatial_extent, temporal_extent: ['2024-05-01', '2024-05-02'] },
  },
  day: {
    process_id: 'reduce_dimension',
    arguments: {
      data: { from_node: 'load' },
      dimension: 't',
      reducer: {
        process_graph: {
          max: { process_id: 'max', arguments: { data: { from_parameter: 'data' } }, result: true },
        },
      },
    },
  },
  ...rest,
});

test.each([
  ['west beyond east', { west: 179.95, south: 0.12, east: -179.95, north: 0.18 }],
  ['east beyond 180', { west: 179.95, south: 0.12, east: 180.05, north: 0.18 }],
])('a box over 180° (%s) has both sides, side by side', async (_, box) => {
  const save = {
    save: {
      process_id: 'save_result',
      arguments: { data: { from_node: 'day' }, format: 'JSON' },
      result: true,
    },
  };
  const answer = await server.call('POST', '/result', { process: { process_graph: graph(box, save) } });
  const { data } = (await answer.json()) as { data: (number | null)[][][] };
  const rows = data.flat();
  // 0.1 degrees of the equator in pixels of 100 m.
  expect(rows[0].length).toBeGreaterThan(105);
  expect(rows[0].length).toBeLessThan(120);
  for (const row of rows.slice(2, -2)) {
    const inner = row.slice(3, -3);
    const first = inner.indexOf(2);
    expect(Math.abs(first - inner.length / 2)).toBeLessThan(6);
    expect(inner.slice(0, first).every((value) => value === 1)).toBe(true);
    expect(inner.slice(first).every((value) => value === 2)).toBe(true);
  }
});

test('tiles on both sides of 180° show what lies there', async () => {
  const colours = {
    colour: {
      process_id: 'save_result',
      arguments: { data: { from_node: 'day' }, format: 'PNG', options: { range: [0, 2] } },
      result: true,
    },
  };
  const created = await server.call('POST', '/services', {
    type: 'xyz',
    process: { process_graph: graph(null, colours) },
    configuration: { scope: 'public', empty_tile: 'no_content' },
  });
  const id = created.headers.get('openeo-identifier');
  const mercator = tileMatrixSet('WebMercatorQuad')!;
  for (const longitude of [179.95, -179.95]) {
    const { z, x, y } = mercator.tileAt(longitude, 0.15, 11);
    const tile = await server.call('GET', `/services/xyz/${id}/tiles/${z}/${x}/${y}`, undefined, null);
    expect([longitude, tile.status]).toEqual([longitude, 200]);
  }
  const { z, x, y } = mercator.tileAt(0, 0.15, 11);
  expect((await server.call('GET', `/services/xyz/${id}/tiles/${z}/${x}/${y}`, undefined, null)).status).toBe(
    204,
  );
});

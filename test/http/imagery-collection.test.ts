import sharp from 'sharp';
import { errorOf } from '../support/api';
import { decodePicture } from '../support/picture';
import { testDatabase } from '../support/postgres';
import { eventually } from '../support/process';
import { startServer, type TestServer } from '../support/server';
import { type Dialect, dialects } from '../support/tile-stores';

const flightA = '00000000-0000-4000-8000-00000000000a';
const flightB = '00000000-0000-4000-8000-00000000000b';

const picture = (background: string) =>
  sharp({ create: { width: 256, height: 256, channels: 3, background } })
    .png()
    .toBuffer();

const red = [255, 0, 0, 255];
const lime = [0, 255, 0, 255];
const blue = [0, 0, 255, 255];
const nothing = [0, 0, 0, 0];

describe.each(dialects)('the tile catalogue as a collection on %s', (dialect: Dialect) => {
  let server: TestServer;
  let uploader: string;
  let drop = async () => {};

  async function upload(
    x: number,
    y: number,
    colour: string,
    captured_at: string,
    flight_id?: string,
    z = 12,
  ): Promise<void> {
    const form = new FormData();
    const source = flight_id ? 'uav' : 'google_maps';
    form.set('metadata', JSON.stringify([{ z, x, y, source, captured_at, flight_id }]));
    form.append('files', new Blob([new Uint8Array(await picture(colour))]), 'tile.png');
    const headers = { authorization: `Bearer ${uploader}` };
    const response = await fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers,
      body: form,
    });
    expect(response.ok).toBe(true);
  }

  const load = (args: object = {}) => ({
    load: {
      process_id: 'load_collection',
      arguments: { id: 'tiles', spatial_extent: null, temporal_extent: null, ...args },
      result: true,
    },
  });

  const property = (process_id: string, y: unknown) => ({
    process_graph: {
      same: { process_id, arguments: { x: { from_parameter: 'value' }, y }, result: true },
    },
  });

  async function service(process_graph: object, configuration: object = {}): Promise<string> {
    const response = await server.call(
      'POST',
      '/services',
      { type: 'xyz', process: { process_graph }, configuration: { ...configuration, scope: 'public' } },
      uploader,
    );
    expect(response.status).toBe(201);
    return response.headers.get('openeo-identifier')!;
  }

  const tile = (id: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.api}/services/xyz/${id}/tiles/${path}`, { headers });

  async function pixel(id: string, path: string, x: number, y: number) {
    const response = await tile(id, path);
    if (response.status !== 200) throw new Error(await response.text());
    return (await decodePicture(await response.arrayBuffer())).pixel(x, y);
  }

  const result = (process_graph: object) =>
    server.call('POST', '/result', { process: { process_graph } }, uploader);

  beforeAll(async () => {
    const database = dialect === 'postgres' ? await testDatabase() : undefined;
    drop = database?.drop ?? drop;
    server = await startServer(database && { tileStoreUrl: database.url });
    uploader = await server.user('uploader', ['uploader']);
  });
  afterAll(async () => {
    await server.stop();
    await drop();
  });

  test('before there are tiles it is listed, and has no data', async () => {
    const { collections } = (await (await fetch(`${server.api}/collections`)).json()) as {
      collections: { id: string }[];
    };
    expect(collections.map(({ id }) => id)).toContain('tiles');
    const document = (await (await fetch(`${server.api}/collections/tiles`)).json()) as {
      extent: { temporal: object };
    };
    expect(document.extent.temporal).toEqual({ interval: [[null, null]] });
    const response = await result(load());
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'NoDataAvailable' }),
    ]);
  });

  describe('with tiles', () => {
    beforeAll(async () => {
      // Two cells of zoom 12 beside each other; of the first one three tiles.
      await upload(2200, 1400, 'red', '2024-01-01T00:00:00Z');
      await upload(2200, 1400, 'lime', '2024-02-01T00:00:00Z', flightA);
      await upload(2200, 1400, 'blue', '2024-03-01T00:00:00Z', flightB);
      await upload(2201, 1400, 'red', '2024-01-01T00:00:00Z');
    });

    test('its metadata tell where, when and which bands', async () => {
      const document = await (await fetch(`${server.api}/collections/tiles`)).json();
      expect(document).toMatchObject({
        extent: {
          spatial: {
            bbox: [
              [(2200 / 4096) * 360 - 180, expect.any(Number), (2202 / 4096) * 360 - 180, expect.any(Number)],
            ],
          },
          temporal: { interval: [['2024-01-01T00:00:00.000000Z', '2024-03-01T00:00:00.000000Z']] },
        },
        'cube:dimensions': {
          x: { type: 'spatial', axis: 'x', reference_system: 3857 },
          t: { type: 'temporal' },
          bands: { type: 'bands', values: ['red', 'green', 'blue', 'alpha'] },
        },
        summaries: { tile_zoom: [12] },
      });
      const queryables = await (await fetch(`${server.api}/collections/tiles/queryables`)).json();
      expect(queryables).toMatchObject({
        properties: { source: { enum: ['google_maps', 'uav'] }, flight_id: { examples: [flightA, flightB] } },
      });
    });

    test('a service shows the selected tiles at their zoom, above and below', async () => {
      const id = await service(load());
      expect(await pixel(id, '12/2200/1400', 100, 100)).toEqual(blue);
      expect(await pixel(id, '12/2201/1400', 100, 100)).toEqual(red);
      expect(await pixel(id, '14/8803/5600', 255, 9)).toEqual(blue);
      expect(await pixel(id, '14/8804/5600', 0, 9)).toEqual(red);
      // A quarter of the tile each.
      expect(await pixel(id, '10/550/350', 10, 10)).toEqual(blue);
      expect(await pixel(id, '10/550/350', 100, 10)).toEqual(red);
      expect(await pixel(id, '10/550/350', 200, 10)).toEqual(nothing);
      expect(await pixel(id, '12/2202/1400', 100, 100)).toEqual(nothing);
    });

    test('filters on source, flight and time', async () => {
      const shown = async (args: object) => pixel(await service(load(args)), '12/2200/1400', 9, 9);
      expect(await shown({ properties: { source: property('eq', 'google_maps') } })).toEqual(red);
      expect(await shown({ properties: { source: property('eq', 'uav') } })).toEqual(blue);
      expect(await shown({ properties: { flight_id: property('eq', flightA) } })).toEqual(lime);
      expect(await shown({ temporal_extent: ['2024-01-15', '2024-02-15'] })).toEqual(lime);
      expect(await shown({ temporal_extent: [null, '2024-02-01'] })).toEqual(red);
      const both = { properties: { source: property('eq', 'uav') }, temporal_extent: [null, '2024-03-01'] };
      expect(await shown(both)).toEqual(lime);
      for (const none of [
        { properties: { source: property('eq', 'satar') } },
        { properties: { cloud: property('eq', 1) } },
        { temporal_extent: ['2025-01-01', null] },
        { spatial_extent: { west: 0, south: 0, east: 1, north: 1 } },
      ]) {
        const response = await result(load(none));
        expect(await errorOf(response)).toEqual([400, 'NoDataAvailable']);
      }
    });

    test('in /result: bands by name, on the tiles’ own grid', async () => {
      const [west, east] = [2200, 2202].map((x) => (x / 4096) * 360 - 180);
      const spatial_extent = { west, east, south: 45, north: 60 };
      const graph = {
        ...load({ spatial_extent, bands: ['blue', 'red'] }),
        save: {
          process_id: 'save_result',
          arguments: { data: { from_node: 'mean' }, format: 'JSON' },
          result: true,
        },
        mean: {
          process_id: 'reduce_spatial',
          arguments: {
            data: { from_node: 'load' },
            reducer: {
              process_graph: {
                mean: { process_id: 'mean', arguments: { data: { from_parameter: 'data' } }, result: true },
              },
            },
          },
        },
      };
      const { result: _, ...plain } = graph.load;
      const response = await result({ ...graph, load: plain });
      expect(response.status).toBe(200);
      expect(JSON.stringify(await response.json())).toContain('127.5');
      const drawn = await result({
        load: { ...load({ spatial_extent }).load, result: false },
        save: {
          process_id: 'save_result',
          arguments: { data: { from_node: 'load' }, format: 'PNG' },
          result: true,
        },
      });
      const image = await decodePicture(await drawn.arrayBuffer());
      expect([image.width, image.height]).toEqual([512, 256]);
      expect([image.pixel(0, 0), image.pixel(511, 255)]).toEqual([blue, red]);
    });

    test('13 tile_upload writes what a graph makes of tiles, and tile_inventory finds it', async () => {
      const bbox = { west: -3_000_000, south: -3_000_000, east: 20_000_000, north: 20_000_000, crs: 3857 };
      const written = await result({
        load: { ...load({ bands: ['red', 'green', 'blue'] }).load, result: false },
        write: {
          process_id: 'tile_upload',
          arguments: {
            data: { from_node: 'load' },
            source: 'uav',
            flight_id: flightA,
            captured_at: '2024-06-01T00:00:00Z',
            zoom: 11,
            format: 'webp',
          },
          result: true,
        },
      });
      expect([written.status, await written.json()]).toEqual([
        200,
        {
          ...{ written: 1, replaced: 0, skipped_empty: 0 },
          tiles: [expect.objectContaining({ z: 11, x: 1100, y: 700, replaced: false })],
        },
      ]);
      const found = await result({
        find: { process_id: 'tile_inventory', arguments: { bbox, zooms: [1] }, result: true },
      });
      expect(((await found.json()) as unknown[]).length).toBeGreaterThan(0);
      const refused = await result({
        find: { process_id: 'tile_inventory', arguments: { tiles: [{ z: 1, x: 5, y: 0 }] }, result: true },
      });
      expect([refused.status, await refused.json()]).toEqual([
        400,
        expect.objectContaining({ code: 'InventoryInvalid' }),
      ]);
    });

    test('a new tile changes ETag and picture of services that show it', async () => {
      const id = await service(load({ temporal_extent: ['2024-07-01', '2024-09-01'] }));
      await upload(2300, 1400, 'red', '2024-07-02T00:00:00Z');
      const first = await tile(id, '12/2300/1400');
      const etag = first.headers.get('etag')!;
      expect((await decodePicture(await first.arrayBuffer())).pixel(5, 5)).toEqual(red);
      expect((await tile(id, '12/2300/1400', { 'if-none-match': etag })).status).toBe(304);
      await upload(2300, 1400, 'blue', '2024-08-01T00:00:00Z');
      await eventually(async () => {
        const response = await tile(id, '12/2300/1400', { 'if-none-match': etag });
        expect(response.status).toBe(200);
        expect((await decodePicture(await response.arrayBuffer())).pixel(5, 5)).toEqual(blue);
      });
    });
  });
});

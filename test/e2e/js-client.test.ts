import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, json } from 'node:stream/consumers';
import { type Builder, type Connection, OpenEO } from '@openeo/js-client';
import { adminPassword } from '../support/api';
import { decodePicture } from '../support/picture';
import { type ServerProcess, spawnServer } from '../support/process';
import { sampleCollection } from '../support/sample';

// What a user of the standard's JavaScript client does in a working day.

const provider = {
  id: 'example',
  issuer: 'https://accounts.example',
  title: 'Example accounts',
  scopes: ['openid', 'email'],
  defaultClients: [
    { id: 'tilegraph-cli', grantTypes: ['urn:ietf:params:oauth:grant-type:device_code+pkce'] },
    {
      id: 'tilegraph-web',
      grantTypes: ['authorization_code+pkce'],
      redirectUrls: ['https://editor.example'],
    },
  ],
};
/** Some 30 by 30 pixels of the sample, with water and fields. */
const area = { west: 11.34, south: 47.74, east: 11.344, north: 47.7427 };
const day = ['2024-06-22', '2024-06-23'];

let server: ServerProcess;
let connection: Connection;
let builder: Builder;
let folder: string;

beforeAll(async () => {
  // The client prints each error that it throws.
  for (const method of ['log', 'error'] as const) jest.spyOn(console, method).mockImplementation(() => {});
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-js-client-'));
  server = await spawnServer({
    env: {
      TILEGRAPH_COLLECTIONS: await sampleCollection(),
      TILEGRAPH_OIDC_PROVIDERS: JSON.stringify([provider]),
    },
  });
  connection = await OpenEO.connect(server.url);
  await connection.authenticateBasic('admin', adminPassword);
  builder = await connection.buildProcess('test');
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ndviOf = (b: Builder) => b.process('ndvi', { data: bandsOf(b) });
const bandsOf = (b: Builder) =>
  b.process('load_collection', {
    id: 'TILEGRAPH_SAMPLE',
    spatial_extent: area,
    temporal_extent: day,
    bands: ['B04', 'B08'],
  });

interface JsonCube {
  readonly order: string[];
  readonly data: number[][][][];
}

const body = (result: { data: Readable | Blob }) => result.data as Readable;

test('finds the API by the server address and knows what it can do', () => {
  const capabilities = connection.capabilities();
  expect(capabilities.apiVersion()).toBe('1.2.0');
  expect(connection.getBaseUrl()).toBe(server.api);
  for (const feature of ['computeResult', 'validateProcess', 'createService', 'uploadFile', 'setUserProcess'])
    expect([feature, capabilities.hasFeature(feature)]).toEqual([feature, true]);
  for (const feature of [
    'createJob',
    'listJobs',
    'estimateJob',
    'debugJob',
    'startJob',
    'stopJob',
    'downloadResults',
  ])
    expect([feature, capabilities.hasFeature(feature)]).toEqual([feature, true]);
});

test('lists what there is', async () => {
  const { collections } = await connection.listCollections();
  expect(collections.map(({ id }) => id)).toEqual(['TILEGRAPH_SAMPLE']);
  const types = await connection.listFileTypes();
  expect(Object.keys(types.getOutputTypes())).toEqual(expect.arrayContaining(['PNG', 'GTIFF', 'JSON']));
  expect(Object.keys(await connection.listServiceTypes())).toEqual(['XYZ']);
  expect(Object.keys(await connection.listUdfRuntimes())).toContain('JavaScript');
});

test('pages through the processes', async () => {
  const pages = connection.paginateProcesses(null, 20);
  const seen: string[] = [];
  while (pages.hasNextPage()) {
    const page = (await pages.nextPage([], true)) as { id: string }[];
    expect(page.length).toBeLessThanOrEqual(20);
    seen.push(...page.map(({ id }) => id));
  }
  const all = (await (await server.call('GET', '/processes')).json()) as { processes: { id: string }[] };
  expect(seen).toEqual(all.processes.map(({ id }) => id));
  expect(seen).toEqual(expect.arrayContaining(['load_collection', 'ndvi', 'save_result', 'tile_assignment']));
});

test('describes a collection', async () => {
  const collection = await connection.describeCollection('TILEGRAPH_SAMPLE');
  expect(collection['cube:dimensions']).toMatchObject({ x: { reference_system: 32632 }, bands: {} });
  await expect(connection.describeCollection('NOT_THERE')).rejects.toThrow(/NOT_THERE/);
});

test('offers OpenID Connect with default clients beside basic', async () => {
  const providers = await connection.listAuthProviders();
  expect(providers.map((one) => one.getId()).sort()).toEqual(['basic', 'oidc.example']);
  const [oidc] = providers.filter((one) => one.getType() === 'oidc') as unknown as {
    defaultClients: { id: string; grant_types: string[] }[];
  }[];
  expect(oidc.defaultClients.map(({ id, grant_types }) => [id, grant_types])).toEqual(
    provider.defaultClients.map(({ id, grantTypes }) => [id, grantTypes]),
  );
});

test('refuses a wrong password and keeps who is logged in', async () => {
  const other = await OpenEO.connect(server.url);
  await expect(other.authenticateBasic('admin', 'wrong')).rejects.toThrow();
  expect(other.isAuthenticated()).toBe(false);
  expect((await connection.describeAccount()).user_id).toBe('admin');
});

test('validates', async () => {
  const good = ndviOf(builder);
  good.result = true;
  expect(await connection.validateProcess(builder.toJSON())).toHaveLength(0);
  const problems = await connection.validateProcess({
    process_graph: {
      load: { process_id: 'load_collection', arguments: { id: 'TILEGRAPH_SAMPLE', bands: 'B04' } },
      lost: { process_id: 'ndvi', arguments: { data: { from_node: 'nowhere' } } },
      unknown: { process_id: 'no_such_process', arguments: {}, result: true },
    },
  } as never);
  expect(problems.map(({ code }: { code: string }) => code)).toEqual(
    expect.arrayContaining(['ProcessParameterInvalid', 'ProcessParameterRequired', 'ProcessUnsupported']),
  );
});

test('computes an NDVI picture whose pixels are the NDVI of the bands', async () => {
  const b = await connection.buildProcess('ndvi');
  const day = b.process('reduce_dimension', {
    data: ndviOf(b),
    dimension: 't',
    reducer: (values: unknown, _: unknown, child: Builder) => child.process('first', { data: values }),
  });
  const grey = b.process('apply', {
    data: day,
    process: (x: unknown, _: unknown, child: Builder) =>
      child.process('linear_scale_range', { x, inputMin: -1, inputMax: 1, outputMin: 0, outputMax: 255 }),
  });
  b.process('save_result', { data: grey, format: 'PNG' }).result = true;
  const picture = await connection.computeResult(b.toJSON());
  expect(picture.type).toBe('image/png');
  const { width, height, pixel } = await decodePicture(await buffer(body(picture)));

  const plain = await connection.buildProcess('bands');
  plain.process('save_result', { data: bandsOf(plain), format: 'JSON' }).result = true;
  const cube = (await json(body(await connection.computeResult(plain.toJSON())))) as JsonCube;
  expect(cube.order).toEqual(['t', 'bands', 'y', 'x']);
  const [[red, infrared]] = cube.data;
  expect([width, height]).toEqual([red[0].length, red.length]);
  expect(width * height).toBeGreaterThan(500);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const ndvi = (infrared[y][x] - red[y][x]) / (infrared[y][x] + red[y][x]);
      const [grey, , , alpha] = pixel(x, y);
      expect(Math.abs(grey - (ndvi + 1) * 127.5)).toBeLessThanOrEqual(1);
      expect(alpha).toBe(255);
    }
});

test('downloads a GeoTIFF', async () => {
  const b = await connection.buildProcess('tiff');
  b.process('save_result', { data: ndviOf(b), format: 'GTiff' }).result = true;
  const file = join(folder, 'ndvi.tif');
  await connection.downloadResult(b.toJSON(), file);
  expect(readFileSync(file).subarray(0, 4).toString('latin1')).toMatch(/^(II\*\0|MM\0\*)$/);
});

test('tells what is wrong with a graph that fails', async () => {
  await expect(
    connection.computeResult({
      process_graph: { a: { process_id: 'add', arguments: { x: 'one', y: 2 }, result: true } },
    } as never),
  ).rejects.toThrow(/\bx\b/);
});

test('stores a process and uses it in another graph', async () => {
  const stored = await connection.setUserProcess('celsius-of', {
    parameters: [{ name: 'f', description: 'Fahrenheit', schema: { type: 'number' } }],
    returns: { description: 'Celsius', schema: { type: 'number' } },
    process_graph: {
      less: { process_id: 'subtract', arguments: { x: { from_parameter: 'f' }, y: 32 } },
      part: { process_id: 'divide', arguments: { x: { from_node: 'less' }, y: 1.8 }, result: true },
    },
  } as never);
  expect((await connection.listUserProcesses()).map(({ id }: { id: string }) => id)).toEqual(['celsius-of']);
  const b = await connection.buildProcess('use');
  b.process('celsius-of', { f: 212 }).result = true;
  expect(await json(body(await connection.computeResult(b.toJSON())))).toBeCloseTo(100, 9);
  await stored.deleteUserProcess();
  expect(await connection.listUserProcesses()).toHaveLength(0);
  await expect(connection.computeResult(b.toJSON())).rejects.toThrow(/celsius-of/);
});

test('keeps files', async () => {
  const source = join(folder, 'gärten.geojson');
  const content = JSON.stringify({ type: 'FeatureCollection', features: [] });
  writeFileSync(source, content);
  const file = await connection.uploadFile(source, 'regions/gärten.geojson');
  expect(
    (await connection.listFiles()).map(({ path, size }: { path: string; size: number }) => [path, size]),
  ).toEqual([['regions/gärten.geojson', content.length]]);
  const target = join(folder, 'back.geojson');
  await file.downloadFile(target);
  expect(readFileSync(target, 'utf8')).toBe(content);
  await file.deleteFile();
  expect(await connection.listFiles()).toHaveLength(0);
});

test('publishes tiles, changes the service, reads its logs and removes it', async () => {
  const b = await connection.buildProcess('service');
  const newest = b.process('reduce_dimension', {
    data: b.process('ndvi', {
      data: b.process('load_collection', {
        id: 'TILEGRAPH_SAMPLE',
        spatial_extent: null,
        temporal_extent: day,
        bands: ['B04', 'B08'],
      }),
    }),
    dimension: 't',
    reducer: (values: unknown, _: unknown, child: Builder) => child.process('first', { data: values }),
  });
  b.process('colormap', { data: newest, palette: 'rdylgn', min: -0.2, max: 0.9 }).result = true;
  const service = await connection.createService(b.toJSON(), 'xyz', 'NDVI', 'Of one day', true, {
    scope: 'public',
    minzoom: 8,
  });
  expect((await connection.listServices()).map(({ id }: { id: string }) => id)).toContain(service.id);
  // Its types ask for all members, the client and the standard for any.
  const change = (members: object) => service.updateService(members as never);
  const tileAt = (z: number, x: number, y: number) =>
    fetch(service.url!.replace('{z}', `${z}`).replace('{x}', `${x}`).replace('{y}', `${y}`));
  const tile = await tileAt(13, 4354, 2856);
  expect(tile.headers.get('content-type')).toBe('image/png');
  const picture = await decodePicture(await tile.arrayBuffer());
  expect([picture.width, picture.height]).toEqual([256, 256]);
  expect(picture.colours()).toBeGreaterThan(50);
  expect((await tileAt(7, 67, 44)).status).toBe(404);

  await change({ title: 'NDVI in June', enabled: false });
  expect((await service.describeService()).title).toBe('NDVI in June');
  expect((await tileAt(13, 4354, 2856)).status).toBeGreaterThanOrEqual(400);
  await change({ enabled: true, configuration: { minzoom: 7 } });
  expect((await tileAt(7, 67, 44)).status).toBe(200);
  expect(Array.isArray((await service.debugService().next()).logs)).toBe(true);

  await service.deleteService();
  expect((await tileAt(13, 4354, 2856)).status).toBe(404);
});

test('creates, estimates, starts, monitors and downloads a batch job, logs included', async () => {
  const fresh = await connection.buildProcess('job');
  const result = fresh.process('save_result', { data: ndviOf(fresh), format: 'GTiff' });
  const job = await connection.createJob(result, 'NDVI', 'Of one day');
  expect((await connection.listJobs()).map(({ id }: { id: string }) => id)).toEqual([job.id]);
  const [created] = await job.debugJob().nextLogs();
  expect(created.message).toBe('The job was created');
  expect((await job.estimateJob()).duration).toMatch(/^PT\d+S$/);
  await job.updateJob({ title: 'The NDVI' } as never);
  await job.startJob();
  const seen: string[] = [];
  const logs: string[] = [];
  await new Promise<void>((resolve) => {
    job.monitorJob((now: { status: string }, entries: { message: string }[]) => {
      seen.push(now.status);
      logs.push(...entries.map(({ message }) => message));
      if (now.status === 'finished' || now.status === 'error') resolve();
    }, 1);
  });
  expect(seen[seen.length - 1]).toBe('finished');
  expect(logs).toEqual(expect.arrayContaining(['The job runs', 'Stored result.tif']));
  expect((await job.describeJob()).title).toBe('The NDVI');
  const files = (await job.downloadResults(folder)) as string[];
  const tif = files.find((file) => file.endsWith('result.tif'));
  expect(tif).toBeDefined();
  const bytes = readFileSync(tif!);
  expect(bytes.subarray(0, 2).toString()).toMatch(/II|MM/);
  const [asset] = (await job.listResults()) as unknown as { 'file:size': number }[];
  expect(asset['file:size']).toBe(bytes.length);
  await job.deleteJob();
  expect(await connection.listJobs()).toHaveLength(0);
});

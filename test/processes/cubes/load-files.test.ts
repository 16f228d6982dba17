import { createServer, type Server } from 'node:http';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { parquet } from '../../../src/raster/formats/parquet';
import { bytesOf, encodeRequest, functionCube, utmGrid } from '../../raster/formats/support';
import { listen } from '../../support/listen';
import { sendRange } from '../../support/ranges';
import { startServer, type TestServer } from '../../support/server';

/** Files of a web server, with byte ranges; it also redirects. */
const files = new Map<string, Buffer>();
const asked: string[] = [];
let web: Server;
let origin: string;
let server: TestServer;
let anna: string;
let bert: string;

const scene = functionCube({
  grid: utmGrid(20, 10),
  bands: ['red', 'nir'],
  dataType: 'uint8',
  value: (x, y, layer) => x + y + 100 * layer,
});

beforeAll(async () => {
  web = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(`${url} ${request.headers.range ?? ''}`.trim());
    if (url.startsWith('/to?'))
      return response.writeHead(302, { location: decodeURIComponent(url.slice(4)) }).end();
    return sendRange(files.get(url), request, response);
  });
  const port = await listen(web);
  origin = `http://127.0.0.1:${port}`;
  server = await startServer({ allowedHosts: [`127.0.0.1:${port}`] });
  anna = await server.user('anna');
  bert = await server.user('bert');
  files.set('/scene.tif', await bytesOf((await gtiff.encode(scene, encodeRequest())).body));
  files.set(
    '/table.parquet',
    await bytesOf((await parquet.encode([{ a: 1 }, { a: 2 }], encodeRequest())).body),
  );
  files.set('/points.geojson', Buffer.from('{"type":"Point","coordinates":[11,46]}'));
}, 60_000);
afterAll(async () => {
  await server.stop();
  web.closeAllConnections();
  web.close();
});

async function upload(path: string, bytes: Uint8Array, token = anna): Promise<void> {
  const response = await fetch(`${server.api}/files/${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: new Uint8Array(bytes),
  });
  expect(response.status).toBe(200);
}

/** The JSON that a loaded cube is saved as, or the error. */
async function load(process: string, args: object, token = anna) {
  const process_graph = {
    load: { process_id: process, arguments: args },
    save: {
      process_id: 'save_result',
      arguments: { data: { from_node: 'load' }, format: 'json' },
      result: true,
    },
  };
  const response = await server.call('POST', '/result', { process: { process_graph } }, token);
  return (await response.json()) as {
    code?: string;
    message?: string;
    order: string[];
    dimensions: Record<string, { values: unknown[] }>;
    data: unknown;
  };
}

describe('load_uploaded_files', () => {
  beforeAll(async () => {
    await upload('scenes/a.tif', files.get('/scene.tif')!);
    await upload('table.csv', Buffer.from('t,v\n2024-01-01,5\n'));
    await upload('broken.tif', Buffer.from('II*\0 and then nothing of use'));
    await upload('empty', Buffer.alloc(0));
  });

  test.each(['/scenes/a.tif', 'scenes/a.tif', './scenes/a.tif'])('loads pixels of %s', async (path) => {
    const cube = await load('load_uploaded_files', { paths: [path], format: 'gtiff' });
    expect(cube.order).toEqual(['bands', 'y', 'x']);
    expect(cube.dimensions['bands'].values).toEqual(['red', 'nir']);
    expect(cube.dimensions['x'].values.slice(0, 2)).toEqual([600005, 600015]);
    expect((cube.data as number[][][])[1][9].slice(-2)).toEqual([127, 128]);
  });

  test('shows nobody the files of others', async () => {
    const outside = ['../anna/table.csv', '/../anna/table.csv', 'files/anna/table.csv', 'table.csv'];
    for (const path of outside)
      expect((await load('load_uploaded_files', { paths: [path], format: 'CSV' }, bert)).code).toBe(
        'FileNotFound',
      );
    expect((await load('load_uploaded_files', { paths: ['../bert/table.csv'], format: 'CSV' })).code).toBe(
      'FileNotFound',
    );
    // The name that a file has inside of the server opens nothing.
    const loaded = await load('load_uploaded_files', { paths: ['table.csv'], format: 'CSV' });
    expect(loaded.data).toEqual([[5]]);
  });

  test('sees the new content of a file that was written again', async () => {
    await upload('again.csv', Buffer.from('value\n1\n'));
    expect((await load('load_uploaded_files', { paths: ['again.csv'], format: 'CSV' })).data).toEqual([1]);
    await upload('again.csv', Buffer.from('value\n2\n'));
    expect((await load('load_uploaded_files', { paths: ['again.csv'], format: 'CSV' })).data).toEqual([2]);
    await upload('again.tif', files.get('/scene.tif')!);
    const first = await load('load_uploaded_files', { paths: ['again.tif'], format: 'COG' });
    const changed = functionCube({ grid: utmGrid(2, 1), bands: ['v'], dataType: 'uint8', value: () => 7 });
    await upload('again.tif', await bytesOf((await gtiff.encode(changed, encodeRequest())).body));
    expect((first.data as unknown[]).length).toBe(2);
    expect((await load('load_uploaded_files', { paths: ['again.tif'], format: 'COG' })).data).toEqual([
      [[7, 7]],
    ]);
  });

  test.each([
    [{ paths: ['missing.csv'], format: 'CSV' }, 'FileNotFound'],
    [{ paths: ['scenes'], format: 'CSV' }, 'FileOperationUnsupported'],
    [{ paths: [], format: 'CSV' }, 'ProcessParameterInvalid'],
    [{ paths: ['table.csv'], format: 'GeoJSON' }, 'FormatUnsuitable'],
    [{ paths: ['table.csv'], format: 'JSON' }, 'FormatUnsuitable'],
    [{ paths: ['table.csv'], format: 'Parquet' }, 'FormatUnsuitable'],
    [{ paths: ['table.csv'], format: 'GTiff' }, 'SourceUnreadable'],
    [{ paths: ['broken.tif'], format: 'GTiff' }, 'SourceUnreadable'],
    [{ paths: ['empty'], format: 'GTiff' }, 'SourceUnreadable'],
    [{ paths: ['empty'], format: 'CSV' }, 'FormatUnsuitable'],
    [{ paths: ['table.csv'], format: '__proto__' }, 'FormatUnsuitable'],
    [{ paths: ['table.csv'], format: 'CSV', options: { colour: 1 } }, 'ProcessParameterInvalid'],
  ])('answers %j with %s', async (args, code) => {
    const answer = await load('load_uploaded_files', args);
    expect(answer.code).toBe(code);
    expect(answer.message).not.toMatch(/workspace:|tilegraph-test/);
  });
});

test('a service shows files of its owner, to whomever looks at it', async () => {
  await upload('map.tif', files.get('/scene.tif')!);
  await upload('map.tif', Buffer.from('of no use'), bert);
  const process_graph = {
    load: { process_id: 'load_uploaded_files', arguments: { paths: ['map.tif'], format: 'GTiff' } },
    band: { process_id: 'filter_bands', arguments: { data: { from_node: 'load' }, bands: ['nir'] } },
    save: {
      process_id: 'save_result',
      arguments: { data: { from_node: 'band' }, format: 'PNG' },
      result: true,
    },
  };
  const created = await server.call(
    'POST',
    '/services',
    { type: 'xyz', process: { process_graph }, enabled: true, configuration: { scope: 'public' } },
    anna,
  );
  expect(created.status).toBe(201);
  // The middle of the scene.
  const [longitude, latitude, z] = [16.31533, 46.94552, 14];
  const x = Math.floor(((longitude + 180) / 360) * 2 ** z);
  const sin = Math.sin((latitude * Math.PI) / 180);
  const y = Math.floor((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * 2 ** z);
  const id = created.headers.get('openeo-identifier');
  for (const token of [anna, bert, null]) {
    const tile = await server.call('GET', `/services/xyz/${id}/tiles/${z}/${x}/${y}`, undefined, token);
    expect([tile.status, tile.headers.get('content-type')]).toEqual([200, 'image/png']);
  }
});

describe('load_url', () => {
  test('loads pixels by ranges, and whole files of other formats', async () => {
    asked.length = 0;
    const cube = await load('load_url', { url: `${origin}/scene.tif`, format: 'GTiff' });
    expect((cube.data as number[][][])[0][0].slice(0, 3)).toEqual([0, 1, 2]);
    expect(asked.every((request) => /^\/scene\.tif bytes=\d+-\d+$/.test(request))).toBe(true);
    expect((await load('load_url', { url: `${origin}/table.parquet`, format: 'parquet' })).data).toEqual([
      [1],
      [2],
    ]);
    const points = await load('load_url', { url: `${origin}/points.geojson`, format: 'GeoJSON' });
    expect(points.dimensions['geometry'].values).toEqual([{ type: 'Point', coordinates: [11, 46] }]);
  });

  test('follows redirects to allowed hosts only', async () => {
    const to = (url: string) => `${origin}/to?${encodeURIComponent(url)}`;
    expect((await load('load_url', { url: to('/points.geojson'), format: 'GeoJSON' })).order).toEqual([
      'geometry',
    ]);
    for (const elsewhere of [
      'http://127.0.0.1:9/x',
      'http://169.254.169.254/latest/meta-data',
      'http://localhost/x',
    ])
      for (const format of ['GeoJSON', 'GTiff'])
        expect((await load('load_url', { url: to(elsewhere), format })).code).toBe('HostNotAllowed');
    expect((await load('load_url', { url: to('file:///etc/passwd'), format: 'GeoJSON' })).code).toBe(
      'SourceUnreadable',
    );
  });

  test.each([
    ['http://127.0.0.1:1/x', 'HostNotAllowed'],
    ['http://[::1]/x', 'HostNotAllowed'],
    ['http://example.org/x', 'HostNotAllowed'],
    ['file:///etc/passwd', 'ProcessParameterInvalid'],
    ['/missing', 'SourceUnreadable'],
  ])('answers %s with %s', async (url, code) => {
    const address = url.startsWith('/') ? origin + url : url;
    for (const format of ['CSV', 'GTiff'])
      expect((await load('load_url', { url: address, format })).code).toBe(code);
  });
});

test('what is loaded as a whole is accounted for in the memory of the server', async () => {
  const small = await startServer({ limitMemory: 16 << 20 });
  try {
    const token = await small.user('carla');
    const put = async (name: string, text: string) =>
      expect(
        (
          await fetch(`${small.api}/files/${name}`, {
            method: 'PUT',
            headers: { authorization: `Bearer ${token}` },
            body: text,
          })
        ).status,
      ).toBe(200);
    const codeOf = async (path: string, format: string) => {
      const process_graph = {
        load: { process_id: 'load_uploaded_files', arguments: { paths: [path], format }, result: true },
      };
      const response = await small.call('POST', '/result', { process: { process_graph } }, token);
      return response.ok ? 'loaded' : ((await response.json()) as { code: string }).code;
    };
    await put('large.csv', `value\n${'12345678\n'.repeat(100_000)}`);
    await put('small.csv', 'value\n1\n');
    expect(await codeOf('large.csv', 'CSV')).toBe('MemoryLimitExceeded');
    expect(small.application.memory.bytes).toBe(0);
    for (let round = 0; round < 3; round++) expect(await codeOf('small.csv', 'CSV')).toBe('loaded');
  } finally {
    await small.stop();
  }
}, 60_000);

import type { ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import sharp from 'sharp';
import document from '../../../../schemas/tile-catalogue.openapi.json';
import { silentLogger } from '../../../../src/base/logger';
import { createMetrics } from '../../../../src/http/metrics';
import { catalogueRoutes } from '../../../../src/http/routes/catalogue/routes';
import { tileSources } from '../../../../src/tiles/write-rules';
import { startServer, type TestServer } from '../../../support/server';

const flight = '00000000-0000-4000-8000-00000000000a';

interface Answer {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Answer>>;
}
const paths = document.paths as unknown as Readonly<Record<string, Readonly<Record<string, Operation>>>>;

let server: TestServer;
let uploader: string;
let reader: string;
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(document, 'api');
const seen = new Set<string>();

function validator(pointer: string): ValidateFunction {
  return ajv.getSchema(`api#${pointer}`) ?? ajv.compile({ $ref: `api#${pointer}` });
}

const pointerPart = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** Asks, and checks that the answer is what the document says of this operation and status. */
async function ask(
  method: string,
  template: string,
  path: string,
  init: RequestInit = {},
  token: string | null = uploader,
): Promise<string> {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...init.headers };
  const response = await fetch(`${server.url}${path}`, { ...init, method: method.toUpperCase(), headers });
  const operation = paths[template][method];
  const status = String(response.status);
  expect([template, status, Object.keys(operation.responses)]).toEqual([
    template,
    status,
    expect.arrayContaining([status]),
  ]);
  const body = Buffer.from(await response.arrayBuffer());
  const content = operation.responses[status].content;
  if (content) {
    const type = (response.headers.get('content-type') ?? '').split(';')[0];
    expect(Object.keys(content)).toContain(type);
    if (type === 'application/json') {
      const pointer = ['paths', template, method, 'responses', status, 'content', type, 'schema'];
      const validate = validator(`/${pointer.map(pointerPart).join('/')}`);
      expect([validate(JSON.parse(body.toString())), validate.errors ?? null]).toEqual([true, null]);
    }
  } else expect(body).toHaveLength(0);
  seen.add(`${operation.operationId} ${status}`);
  return body.toString();
}

const form = async (entries: readonly object[]) => {
  const body = new FormData();
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  body.set('metadata', JSON.stringify(entries));
  for (const _ of entries) body.append('files', new Blob([new Uint8Array(bytes)]), 'a.png');
  return { body };
};
const entry = (x: number, changes: object = {}) => ({
  ...{ z: 9, x, y: 5, source: 'uav', flight_id: flight, captured_at: '2024-05-01T12:00:00Z' },
  ...changes,
});
const json = (body: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

beforeAll(async () => {
  server = await startServer({ limitUploadPixels: 1000 });
  uploader = await server.user('uploader', ['uploader']);
  reader = await server.user('reader');
});
afterAll(() => server.stop());

test('every endpoint is described, and no other', () => {
  const { routes, close } = catalogueRoutes({
    ...{ imagery: server.application.imagery!, logger: silentLogger, metrics: createMetrics() },
    ...{ isPublic: false, uploadFolder: '', cacheBytes: 0 },
  });
  close();
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const offered = routes.map(({ method, path }) => `${method} ${path}`);
  expect(described.filter((operation) => !operation.startsWith('HEAD')).sort()).toEqual(offered.sort());
});

test('9.5 the sources are the same closed set wherever they are named', () => {
  const { Tile, Metadata, InventoryTile } = document.components.schemas;
  for (const schema of [Tile, Metadata, InventoryTile])
    expect(schema.properties.source.enum).toEqual([...tileSources]);
  expect([...tileSources]).toEqual(['google_maps', 'uav']);
  expect(document.info.version).toMatch(/^2\.0\./);
});

test('real answers are what it says', async () => {
  const upload = '/api/satellite/upload';
  await ask('post', upload, upload, await form([entry(1)]));
  await ask('post', upload, upload, await form([entry(1)]));
  await ask('post', upload, upload, await form([entry(2), entry(3, { source: 'x' }), entry(4)]));
  await ask('post', upload, upload, await form([entry(5, { z: 31 })]));
  await ask('post', upload, upload, await form([entry(5)]), null);
  await ask('post', upload, upload, await form([entry(5)]), reader);
  const text = new FormData();
  text.set('metadata', JSON.stringify([entry(6)]));
  text.append('files', new Blob(['no picture']), 'a.png');
  await ask('post', upload, upload, { body: text });
  const large = new FormData();
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  large.set('metadata', JSON.stringify([entry(6)]));
  large.append('files', new Blob([new Uint8Array(picture)]), 'a.png');
  await ask('post', upload, upload, { body: large });

  const tile = '/tiles/{z}/{x}/{y}';
  for (const method of ['get', 'head']) {
    await ask(method, tile, '/tiles/9/1/5');
    await ask(method, tile, '/tiles/9/1/5', { headers: { 'if-none-match': '*' } });
  }
  await ask('get', tile, '/tiles/9/9/9');
  await ask('get', tile, '/tiles/9/x/5');
  await ask('get', tile, '/tiles/9/1/5', {}, null);

  const inventory = '/api/satellite/tiles/inventory';
  await ask(
    'post',
    inventory,
    inventory,
    json({
      tiles: [
        { z: 9, x: 1, y: 5 },
        { z: 9, x: 9, y: 9 },
      ],
    }),
  );
  await ask('post', inventory, inventory, json({ location_hashes: [flight] }));
  await ask('post', inventory, inventory, json({}));
  await ask('post', inventory, inventory, json({ tiles: [] }), null);

  const region = '/api/satellite/tiles/region';
  await ask('get', region, `${region}?lat=85&lon=-179&size=100000&zoom=9`);
  await ask('get', region, `${region}?lat=85`);
  await ask('get', region, region, {}, null);

  const all = '/api/satellite/tiles';
  await ask('get', all, `${all}?order=captured_at`);
  await ask('get', all, `${all}?order=size`);
  await ask('get', all, all, {}, null);

  const list = '/api/satellite/flights/{flight_id}/tiles';
  await ask('get', list, `/api/satellite/flights/${flight}/tiles?limit=2`);
  await ask('get', list, '/api/satellite/flights/x/tiles');
  await ask('get', list, '/api/satellite/flights/00000000-0000-4000-8000-00000000000b/tiles');
  await ask('get', list, `/api/satellite/flights/${flight}/tiles`, {}, null);

  const remove = '/api/satellite/flights/{flight_id}';
  await ask('delete', remove, `/api/satellite/flights/${flight}`, {}, reader);
  await ask('delete', remove, `/api/satellite/flights/${flight}`, {}, null);
  await ask('delete', remove, '/api/satellite/flights/x');
  await ask('delete', remove, `/api/satellite/flights/${flight}`);

  // What takes a broken disk or database has tests of its own.
  const rare = /^\w+ 50[037]$|^headTile 40[0-4]$|^takeInventory 413$/;
  const promised = Object.values(paths).flatMap((operations) =>
    Object.values(operations).flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    ),
  );
  expect(promised.filter((each) => !seen.has(each) && !rare.test(each))).toEqual([]);
});

test('6.7 all tiles as lines of JSON, by id or by time, from any place on', async () => {
  const upload = '/api/satellite/upload';
  const times = [3, 1, 2].map((second) => `2024-05-01T12:00:0${second}Z`);
  await ask('post', upload, upload, await form(times.map((captured_at, x) => entry(x, { captured_at }))));
  const validate = validator('/components/schemas/Tile');
  const read = async (query: string) => {
    const lines = (await ask('get', '/api/satellite/tiles', `/api/satellite/tiles${query}`)).split('\n');
    expect(lines.pop()).toBe('');
    return lines.map((line) => {
      const tile = JSON.parse(line) as { id: string; x: number; captured_at: string };
      expect([validate(tile), validate.errors ?? null]).toEqual([true, null]);
      return tile;
    });
  };
  const byTime = await read('?order=captured_at');
  expect(byTime.map(({ x }) => x)).toEqual([1, 2, 0]);
  const byId = (await read('')).map(({ id }) => id);
  expect(byId).toEqual(byTime.map(({ id }) => id).sort());
  const after = `${Date.parse(byTime[0].captured_at) * 1000}_${byTime[0].id}`;
  expect((await read(`?order=captured_at&after=${after}`)).map(({ x }) => x)).toEqual([2, 0]);
  await ask('get', '/api/satellite/tiles', '/api/satellite/tiles?after=x');
});

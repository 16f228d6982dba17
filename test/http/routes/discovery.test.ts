import request from 'supertest';
import { type Harness, startHarness } from '../support/harness';

const collection = (id: string) => ({
  ...{ type: 'Collection', stac_version: '1.0.0', id, description: 'Test.', license: 'other' },
  extent: { spatial: { bbox: [[1, 2, 3, 4]] }, temporal: { interval: [[null, null]] } },
  'cube:dimensions': { x: { type: 'spatial', axis: 'x', extent: [1, 3] } },
  summaries: { platform: ['p'] },
  links: [
    { rel: 'self', href: './collection.json' },
    { rel: 'item', href: './item.json' },
    { rel: 'root', href: 'https://elsewhere.example/' },
    { rel: 'license', href: 'https://license.example/' },
    { rel: 'about', href: '/local/path' },
  ],
  assets: { thumbnail: { href: 'https://images.example/a.png' }, local: { href: '/secret/path.tif' } },
});
const collections = ['a', 'b', 'c/d', '__proto__', 'e'].map(collection);

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ collections });
});
afterAll(() => harness.stop());

const get = (path: string) => request(harness.api).get(path);

describe('collections', () => {
  test('one has links of this server, and of the world', async () => {
    const { body } = await get('/collections/a');
    const own = `${harness.api}/collections/a`;
    expect(body.links.map(({ rel, href }: { rel: string; href: string }) => [rel, href])).toEqual([
      ['self', own],
      ['root', `${harness.api}/`],
      ['parent', `${harness.api}/collections`],
      ['http://www.opengis.net/def/rel/ogc/1.0/queryables', `${own}/queryables`],
      ['license', 'https://license.example/'],
    ]);
    expect(body.assets).toEqual({ thumbnail: { href: 'https://images.example/a.png' } });
    expect(JSON.stringify(body)).not.toContain('/secret');
    expect(body['cube:dimensions']).toEqual(collections[0]['cube:dimensions']);
  });

  test('names with slashes are encoded', async () => {
    expect((await get('/collections/c%2Fd')).body.id).toBe('c/d');
    const { body } = await get('/collections/c%2Fd/queryables');
    expect(body.$id).toBe(`${harness.api}/collections/c%2Fd/queryables`);
    expect((await get('/collections/__proto__')).body.id).toBe('__proto__');
  });

  test.each(['nothing', 'constructor', '%00', '..%2f..%2fetc'])('%s is not there', async (id) => {
    for (const path of [`/collections/${id}`, `/collections/${id}/queryables`]) {
      const answer = await get(path);
      expect([answer.status, answer.body.code]).toEqual([404, 'CollectionNotFound']);
    }
  });

  test('the list is short, and comes in pages', async () => {
    const all = (await get('/collections')).body;
    expect(all.collections).toHaveLength(5);
    expect(all.collections[0]['cube:dimensions']).toBeUndefined();
    const ids: string[] = [];
    let next: string | undefined = `${harness.api}/collections?limit=2`;
    while (next) {
      const { body }: request.Response = await request(next).get('');
      ids.push(...body.collections.map(({ id }: { id: string }) => id));
      next = body.links.find(({ rel }: { rel: string }) => rel === 'next')?.href;
    }
    expect(ids).toEqual(['a', 'b', 'c/d', '__proto__', 'e']);
    expect((await get('/collections?after=nothing')).body.code).toBe('RequestInvalid');
  });

  test('queryables are a JSON Schema', async () => {
    const answer = await get('/collections/a/queryables');
    expect(answer.headers['content-type']).toBe('application/schema+json');
    expect(answer.body).toMatchObject({ type: 'object', $id: `${harness.api}/collections/a/queryables` });
  });
});

describe('processes', () => {
  test('are listed with all that the standard requires, in pages too', async () => {
    const all = (await get('/processes')).body.processes;
    expect(all.length).toBeGreaterThan(40);
    for (const process of all)
      expect(process).toMatchObject({
        id: expect.any(String),
        description: expect.any(String),
        returns: expect.any(Object),
      });
    const ids: string[] = [];
    let next: string | undefined = `${harness.api}/processes?limit=17`;
    while (next) {
      const { body }: request.Response = await request(next).get('');
      ids.push(...body.processes.map(({ id }: { id: string }) => id));
      next = body.links.find(({ rel }: { rel: string }) => rel === 'next')?.href;
    }
    expect(ids).toEqual(all.map(({ id }: { id: string }) => id));
  });
});

test('file formats are those that can be read and written', async () => {
  const { body } = await get('/file_formats');
  expect(Object.keys(body.input)).toEqual(harness.backend.inputFormats.map(({ name }) => name));
  expect(Object.keys(body.output)).toEqual(harness.backend.formats.map(({ name }) => name));
  expect(body.output.GTiff.gis_data_types).toContain('raster');
});

test('there are no runtimes for user code', async () => {
  expect((await get('/udf_runtimes')).body).toEqual({});
});

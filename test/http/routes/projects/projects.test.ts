import { randomUUID } from 'node:crypto';
import { type Json, useProjects } from './projects-api';

jest.setTimeout(120_000);

const api = useProjects();
const { at, call, upload, draft } = api;

test('a project has a slug of its own, and numbered versions', async () => {
  expect(await call('POST', '/projects', { slug: 'one', title: 'Ünö' })).toMatchObject({
    ...{ status: 201, body: { slug: 'one', title: 'Ünö', owner: 'ann', versions: [] } },
  });
  expect(await call('POST', '/projects', { slug: 'one' }, api.bob)).toMatchObject({
    ...{ status: 409, body: { code: 'ProjectExists' } },
  });
  for (const slug of ['', 'Ö', '-a', 'A', 'a'.repeat(64), 'a/b', '__proto__', null, undefined, 7])
    expect(await call('POST', '/projects', { slug })).toMatchObject({
      status: 400,
      body: { code: 'RequestInvalid' },
    });
  for (const version of [1, 2])
    expect(await call('POST', '/projects/one/versions')).toMatchObject({
      ...{ status: 201, body: { version, status: 'draft', tiles_url: null } },
    });
  const { body } = await call('GET', '/projects/one');
  expect((body['versions'] as Json[]).map((each) => each['version'])).toEqual([1, 2]);
  expect(await call('GET', '/projects/one/versions/2')).toMatchObject({ status: 200, body: { version: 2 } });
});

test('projects are their owner’s and the administrators’', async () => {
  const { slug, path, assetId } = await draft();
  for (const [method, route] of [
    ...[
      ['GET', `/projects/${slug}`],
      ['GET', path],
      ['POST', `/projects/${slug}/versions`],
    ],
    ...[
      ['GET', `${path}/assets`],
      ['POST', `${path}/publish`],
      ['GET', `${path}/staged/0/0/0.png`],
    ],
    ...[
      ['POST', `${path}/generate-tiles?asset_id=${assetId}`],
      ['POST', `${path}/assets`],
    ],
  ]) {
    expect((await call(method, route, undefined, api.bob)).status).toBe(403);
    expect((await call(method, route, undefined, null)).status).toBe(401);
  }
  expect((await call('GET', '/projects', undefined, null)).status).toBe(401);
  const slugs = async (token?: string) => {
    const response = await api.server.call('GET', at('/projects'), undefined, token);
    return ((await response.json()) as { projects: Json[] }).projects.map((each) => each['slug']);
  };
  expect(await slugs(api.ann)).toContain(slug);
  expect(await slugs(api.bob)).not.toContain(slug);
  expect(await slugs()).toContain(slug);
  const response = await api.server.call('GET', at(path));
  expect(response.status).toBe(200);
});

test('what is not there is not found', async () => {
  const { slug } = await draft();
  expect(await call('GET', '/projects/none')).toMatchObject({
    status: 404,
    body: { code: 'ProjectNotFound' },
  });
  expect(await call('GET', '/projects/..%2Fx')).toMatchObject({
    status: 404,
    body: { code: 'ProjectNotFound' },
  });
  for (const version of ['9', '0', 'x', '1e0', '-1'])
    expect(await call('GET', `/projects/${slug}/versions/${version}`)).toMatchObject({
      ...{ status: 404, body: { code: 'VersionNotFound' } },
    });
  expect(await call('GET', `/jobs/${randomUUID()}`)).toMatchObject({
    status: 404,
    body: { code: 'JobNotFound' },
  });
});

test('assets are kept with their type; a base map must be a picture', async () => {
  const { path, slug } = await draft();
  const listed = (await call('GET', `${path}/assets`)).body as { assets: Json[] };
  expect(listed.assets).toEqual([
    expect.objectContaining({ asset_type: 'base_map', name: 'Zoë’s map.png', size: api.picture.length }),
  ]);
  expect((await upload(path, Buffer.from('a legend'), 'legend')).status).toBe(201);
  const invalid = { status: 400, body: { code: 'AssetInvalid' } };
  expect(await upload(path, Buffer.from('no picture'))).toMatchObject(invalid);
  expect(await upload(path, api.picture, null)).toMatchObject(invalid);
  expect(await upload(path, api.picture, '../x')).toMatchObject(invalid);
  const headers = { authorization: `Bearer ${api.ann}`, 'content-type': 'multipart/form-data; boundary=x' };
  const broken = await fetch(at(`${path}/assets`), { method: 'POST', headers, body: '--x\r\nbroken' });
  expect([broken.status, ((await broken.json()) as Json)['code']]).toEqual([400, 'AssetInvalid']);
  expect(await call('POST', `${path}/assets`, {})).toMatchObject({
    ...{ status: 400, body: { code: 'ContentTypeInvalid' } },
  });
  const { items } = await api.server.application.objects.list(`mp/${slug}/uploads/assets`);
  expect(items).toHaveLength(2);
});

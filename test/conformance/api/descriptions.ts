import request from 'supertest';
import { violations } from '../api-schemas';
import { badToken, type CheckedApi } from './checked-api';

/** What the server tells of itself, of its data and of who asks. */
export function describeDescriptions(api: CheckedApi): void {
  const { call } = api;

  test('discovery', async () => {
    const wellKnown = (await call('GET /.well-known/openeo', 200)).json();
    expect(wellKnown.versions[0]).toMatchObject({ url: api.server.api, api_version: '1.2.0' });
    const capabilities = (await call('GET /', 200, { token: null })).json();
    const conformance = (await call('GET /conformance', 200)).json();
    expect(capabilities.conformsTo).toEqual(conformance.conformsTo);
    for (const endpoint of ['GET /file_formats', 'GET /udf_runtimes', 'GET /service_types', 'GET /processes'])
      for (const token of [null, api.alice]) await call(endpoint, 200, { token });
    await call('GET /processes', 200, { path: '/processes?limit=3' });
    await call('GET /collections', 200);
    await call('GET /collections', 200, { path: '/collections?limit=1' });
    const { collections } = (await call('GET /collections', 200, { token: null })).json();
    expect(collections.length).toBeGreaterThan(0);
    for (const { id } of collections) {
      const collection = (
        await call('GET /collections/{collection_id}', 200, { path: `/collections/${id}` })
      ).json();
      expect(Object.keys(collection['cube:dimensions']).length).toBeGreaterThan(2);
      await call('GET /collections/{collection_id}/queryables', 200, {
        path: `/collections/${id}/queryables`,
      });
    }
  });

  test('discovery that goes wrong', async () => {
    for (const endpoint of ['GET /file_formats', 'GET /udf_runtimes', 'GET /service_types', 'GET /processes'])
      await call(endpoint, 403, badToken);
    await call('GET /processes', 400, { path: '/processes?limit=0' });
    await call('GET /collections', 403, badToken);
    await call('GET /collections', 400, { path: '/collections?limit=x' });
    await call('GET /collections/{collection_id}', 404, { path: '/collections/nothing' });
    await call('GET /collections/{collection_id}', 403, { path: '/collections/nothing', ...badToken });
    await call('GET /collections/{collection_id}/queryables', 404, {
      path: '/collections/nothing/queryables',
    });
  });

  test('a host that is none is refused', async () => {
    for (const [endpoint, path] of [
      ['GET /', '/openeo/1.2/'],
      ['GET /.well-known/openeo', '/.well-known/openeo'],
    ]) {
      const { status, text, headers } = await request(api.server.url).get(path).set('Host', 'a b');
      expect(
        violations(endpoint, { status, text, headers: new Headers(headers as Record<string, string>) }),
      ).toEqual([]);
      expect(status).toBe(400);
      api.seen.add(`${endpoint} 4XX`);
    }
  });

  test('accounts', async () => {
    const basic = `Basic ${Buffer.from('alice:a long password').toString('base64')}`;
    await call('GET /credentials/basic', 200, { token: null, headers: { authorization: basic } });
    await call('GET /credentials/basic', 401, { token: null });
    await call('GET /credentials/basic', 403, { token: null, headers: { authorization: `${basic}x` } });
    await call('GET /credentials/oidc', 200);
    await call('GET /me', 200);
    await call('GET /me', 401, { token: null });
    await call('GET /me', 403, badToken);
  });
}

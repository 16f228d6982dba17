import request from 'supertest';
import { type Harness, startHarness } from '../support/harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

test('clients find the API and what it offers', async () => {
  const found = await request(harness.origin).get('/.well-known/openeo');
  expect(found.body).toEqual({ versions: [{ url: harness.api, api_version: '1.2.0', production: true }] });
  const { body } = await request(harness.api).get('/');
  const paths = body.endpoints.map(({ path }: { path: string }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toEqual(expect.arrayContaining(['/files/{path}', '/result', '/conformance', '/me']));
  expect(body.endpoints).toContainEqual({ path: '/files/{path}', methods: ['GET', 'PUT', 'DELETE'] });
  // What doesn't work is not listed.
  expect(paths.filter((path: string) => /jobs|admin|health|metrics|oidc|^\/$/.test(path))).toEqual([]);
  expect((await request(harness.api).get('/conformance')).body.conformsTo).toEqual(body.conformsTo);
});

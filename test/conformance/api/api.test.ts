import request from 'supertest';
import { silentLogger } from '../../../src/base/logger';
import { createHttpApp } from '../../../src/http/app';
import type { Backend } from '../../../src/http/backend';
import { createMetrics } from '../../../src/http/metrics';
import type { Route } from '../../../src/http/route';
import { endpoints, violations } from '../api-schemas';
import { openApi } from './checked-api';
import { describeDescriptions } from './descriptions';
import { describeWork } from './work';

const api = openApi();

describeDescriptions(api);
describeWork(api);

test('a failure of any endpoint is answered as the standard says', async () => {
  const failing = api.offered.map((endpoint): Route => {
    const [method, path] = endpoint.split(' ') as [Route['method'], string];
    const isRoot = path.startsWith('/.well-known');
    const template = path === '/files/{path}' ? '/files/{path*}' : path;
    return {
      ...{ method, path: template, access: 'public', base: isRoot ? 'root' : 'api' },
      handle() {
        throw new Error('a failure that the client must not see');
      },
    };
  });
  const { auth } = api.server.application;
  const settings = {
    trustProxy: false,
    filesQuotaBytes: 1,
    texts: {},
    limits: { pixels: 1, seconds: 1, bodyBytes: 1 },
  };
  const backend = { logger: silentLogger, metrics: createMetrics(), settings, auth } as unknown as Backend;
  const app = createHttpApp(backend, failing);
  for (const endpoint of api.offered) {
    const [method, template] = endpoint.split(' ');
    const path = template.replace(/\{(\w+)\}/g, 'x');
    const sent = request(app)[method.toLowerCase() as 'get'](
      path.startsWith('/.well-known') ? path : `/openeo/1.2${path}`,
    );
    const { status, text, headers } = await sent;
    expect([endpoint, status, JSON.parse(text).code]).toEqual([endpoint, 500, 'Internal']);
    expect(text).not.toContain('must not see');
    const answer = { status, text, headers: new Headers(headers as Record<string, string>) };
    expect([endpoint, violations(endpoint, answer)]).toEqual([endpoint, []]);
    api.seen.add(`${endpoint} 5XX`);
  }
});

test('every endpoint that the capabilities list is of the standard, and tested in every documented status', () => {
  const unknown = api.offered.filter((endpoint) => !Object.hasOwn(endpoints, endpoint));
  expect(unknown).toEqual([]);
  const expected = api.offered.flatMap((endpoint) =>
    Object.keys(endpoints[endpoint].responses).map((status) => `${endpoint} ${status}`),
  );
  // It takes no input that could be wrong.
  const impossible = new Set(['GET /credentials/oidc 4XX']);
  expect(expected.filter((entry) => !api.seen.has(entry) && !impossible.has(entry))).toEqual([]);
});

test('everything that the standard has is offered', () => {
  expect(Object.keys(endpoints).filter((endpoint) => !api.offered.includes(endpoint))).toEqual([]);
});

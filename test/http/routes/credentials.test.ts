import request from 'supertest';
import { clientId, startProvider } from '../../auth/support/provider';
import { type Harness, startHarness } from '../support/harness';

const provider = {
  id: 'local',
  issuer: 'https://login.example',
  title: 'Login',
  scopes: ['openid', 'email'],
  defaultClients: [
    {
      id: 'public',
      grantTypes: ['urn:ietf:params:oauth:grant-type:device_code+pkce'],
      redirectUrls: ['https://e.example'],
    },
  ],
};

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    auth: { providers: [provider], attemptsByAddress: { burst: 1000, refillMs: 1 } },
  });
  await harness.auth.users.create('alice', 'pass:wörd 1', { roles: ['uploader'] });
});
afterAll(() => harness.stop());

const login = (header?: string, server = harness) => {
  const sent = request(server.api).get('/credentials/basic');
  return header === undefined ? sent : sent.set('Authorization', header);
};
const basic = (text: string) => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;

test('name and password become a token, which tells who one is', async () => {
  const answer = await login(basic('alice:pass:wörd 1'));
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
  expect(answer.body).toEqual({
    access_token: expect.stringMatching(/^[\w-]{43}$/),
    expires_in: expect.any(Number),
  });
  const me = await request(harness.api)
    .get('/me')
    .set('Authorization', `Bearer basic//${answer.body.access_token}`);
  expect(me.body).toEqual({
    ...{ user_id: 'alice', name: 'alice', roles: ['uploader'] },
    ...{ storage: { free: 1 << 20, quota: 1 << 20 }, budget: null, links: [] },
  });
});

test.each([
  [undefined, 401, 'AuthenticationRequired'],
  [basic('alice:wrong'), 403, 'CredentialsInvalid'],
  [basic('alice:'), 403, 'CredentialsInvalid'],
  [basic('alice'), 403, 'CredentialsInvalid'],
  [basic(':x'), 403, 'CredentialsInvalid'],
  [basic('__proto__:x'), 403, 'CredentialsInvalid'],
  [basic(`${'x'.repeat(5000)}:x`), 403, 'CredentialsInvalid'],
  [basic('a\u0000b:x'), 403, 'CredentialsInvalid'],
  ['Basic', 403, 'CredentialsInvalid'],
  ['Basic !!!', 403, 'CredentialsInvalid'],
  [`${basic('alice:pass:wörd 1')}x`, 403, 'CredentialsInvalid'],
  [`${basic('alice:pass:wörd 1')} x`, 403, 'CredentialsInvalid'],
  ['Bearer basic//x', 403, 'AuthenticationSchemeInvalid'],
  ['', 403, 'AuthenticationSchemeInvalid'],
])('%.40s is answered with %i %s', async (header, status, code) => {
  const answer = await login(header);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(answer.headers['www-authenticate']).toBe(
    status === 401 ? 'Basic realm="tilegraph", charset="UTF-8"' : undefined,
  );
});

test('guessing is slowed down', async () => {
  const server = await startHarness({ auth: { attemptsByAddress: { burst: 2, refillMs: 10_000 } } });
  const codes: string[] = [];
  for (let i = 0; i < 4; i++) codes.push((await login(basic('alice:wrong'), server)).body.code);
  expect(codes).toEqual(['CredentialsInvalid', 'CredentialsInvalid', 'TooManyRequests', 'TooManyRequests']);
  const answer = await login(basic('alice:wrong'), server);
  expect([answer.status, Number(answer.headers['retry-after']) > 0]).toEqual([429, true]);
  await server.stop();
});

test('OpenID Connect providers are listed with their clients', async () => {
  const { body } = await request(harness.api).get('/credentials/oidc');
  expect(body).toEqual({
    providers: [
      {
        ...{ id: 'local', issuer: 'https://login.example', title: 'Login', scopes: ['openid', 'email'] },
        default_clients: [
          {
            id: 'public',
            grant_types: ['urn:ietf:params:oauth:grant-type:device_code+pkce'],
            redirect_urls: ['https://e.example'],
          },
        ],
      },
    ],
  });
  const listed = (await request(harness.api).get('/')).body.endpoints;
  expect(listed).toContainEqual({ path: '/credentials/oidc', methods: ['GET'] });
});

test('without a provider there is no such endpoint', async () => {
  const server = await startHarness();
  expect((await request(server.api).get('/credentials/oidc')).body.code).toBe('FeatureUnsupported');
  await server.stop();
});

test('users of a provider have an id that fits everywhere', async () => {
  const real = await startProvider();
  const server = await startHarness({
    auth: { providers: [{ ...provider, issuer: real.issuer, audiences: [clientId] }] },
  });
  const header = `Bearer oidc/local/${await real.userToken('ada/../lovelace@home', { name: 'Ada' })}`;
  const me = await request(server.api).get('/me').set('Authorization', header);
  expect(me.body).toMatchObject({ name: 'Ada', roles: [], user_id: 'local~ada~2f..~2flovelace~40home' });
  const put = request(server.api).put('/files/a').set('Authorization', header);
  expect((await put.type('application/octet-stream').send('x')).status).toBe(200);
  expect((await request(server.api).get('/files/a').set('Authorization', header)).status).toBe(200);
  await server.stop();
  await real.stop();
});

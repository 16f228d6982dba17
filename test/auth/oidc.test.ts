import { SignJWT } from 'jose';
import { oidcUserId } from '../../src/auth/oidc-claims';
import { OpenEOError } from '../../src/base/errors';
import type { OidcProvider } from '../../src/config/types';
import { openAuth } from './support/auth';
import { clientId, startProvider, type TestProvider } from './support/provider';

let provider: TestProvider;
let opened: Awaited<ReturnType<typeof openAuth>>;

const settings = (issuer: string): OidcProvider => ({
  id: 'local',
  issuer,
  title: 'Local provider',
  scopes: ['openid'],
  defaultClients: [
    { id: clientId, grantTypes: ['urn:ietf:params:oauth:grant-type:device_code+pkce', 'refresh_token'] },
  ],
});

async function open(changes: Partial<OidcProvider> = {}) {
  opened = await openAuth({ providers: [{ ...settings(provider.issuer), ...changes }] });
  return opened;
}

beforeEach(async () => {
  provider = await startProvider();
});
afterEach(async () => {
  await opened?.close();
  await provider.stop();
});

const header = (token: string, id = 'local') => `Bearer oidc/${id}/${token}`;
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error) => (error instanceof OpenEOError ? error.code : String(error)),
  );

test("a user's token is accepted, and the user kept", async () => {
  const { auth, records } = await open();
  const token = await provider.userToken('abc@home|1', { name: 'Ada', email: 'ada@example.org' });
  const user = await auth.authenticate(header(token));
  expect(user).toEqual({ id: 'local~abc~40home~7c1', name: 'Ada', email: 'ada@example.org', roles: [] });
  expect(await records.users.get('local~abc~40home~7c1')).toMatchObject({ name: 'Ada', roles: [] });
  await auth.authenticate(header(token));
  // Further requests ask nobody.
  const count = provider.fetches.length;
  await auth.authenticate(header(token));
  expect(provider.fetches).toHaveLength(count);
});

test('a token that the provider gave out over HTTP is accepted', async () => {
  const { auth } = await open();
  expect((await auth.authenticate(header(await provider.machineToken())))?.id).toBe('local~machine');
});

test('later tokens change what is known of the user', async () => {
  const { auth, records } = await open();
  await auth.authenticate(header(await provider.userToken('ada', { name: 'Ada' })));
  await records.users.put({ ...(await records.users.get('local~ada'))!, roles: ['uploader'] });
  const user = await auth.authenticate(header(await provider.userToken('ada', { name: 'Ada L.' })));
  // Without a claim for roles, those that an administrator gave stay.
  expect(user).toMatchObject({ name: 'Ada L.', roles: ['uploader'] });
});

test.each([
  ['a list', 'groups', { groups: ['staff', 'geo-admins', 'geo-admins'] }, ['admin']],
  ['a text', 'groups', { groups: 'mappers geo-admins' }, ['admin', 'uploader']],
  ['a path', 'realm_access.roles', { realm_access: { roles: ['mappers'] } }, ['uploader']],
  ['a name with dots', 'https://a.b/roles', { 'https://a.b/roles': ['mappers'] }, ['uploader']],
  ['names of JavaScript', 'groups', { groups: ['__proto__', 'constructor', 'toString'] }, []],
  ['nothing', 'groups', {}, []],
  ['nonsense', 'groups', { groups: 7 }, []],
])('roles come from a claim: %s', async (_, rolesClaim, claims, expected) => {
  const { auth } = await open({ rolesClaim, roles: { 'geo-admins': 'admin', mappers: 'uploader' } });
  const user = await auth.authenticate(header(await provider.userToken('ada', claims)));
  expect(user?.roles).toEqual(expected);
});

test('roles that the claim no longer gives are lost', async () => {
  const { auth } = await open({ rolesClaim: 'groups', roles: { g: 'admin' } });
  const before = await auth.authenticate(header(await provider.userToken('ada', { groups: ['g'] })));
  const after = await auth.authenticate(header(await provider.userToken('ada', { groups: [] })));
  expect([before?.roles, after?.roles]).toEqual([['admin'], []]);
});

test('tokens that are not good for this server are refused', async () => {
  const { auth, records } = await open();
  const now = Math.floor(Date.now() / 1000);
  const good = await provider.forge({});
  expect((await auth.authenticate(header(good)))?.id).toBe('local~forged');
  const [head, body, signature] = good.split('.');
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  const secret = new TextEncoder().encode('a shared secret that is long enough');
  const bad = {
    'another audience': await provider.userToken('ada', {}, 'another-service'),
    'another issuer': await provider.forge({ iss: 'https://example.org' }),
    'no audience': await provider.forge({ aud: null }),
    expired: await provider.forge({ exp: now - 3600 }),
    'without end': await provider.forge({ exp: null }),
    'not yet valid': await provider.forge({ nbf: now + 3600 }),
    'without subject': await provider.forge({ sub: null }),
    'an ID token': await provider.forge({ at_hash: 'x' }),
    'an unknown key': await provider.forge({}, { kid: 'unknown' }),
    'without signature': `${unsigned}.${body}.`,
    'a changed body': `${head}.${Buffer.from('{"sub":"admin"}').toString('base64url')}.${signature}`,
    'a shared secret': await new SignJWT({ iss: provider.issuer, aud: clientId, sub: 'x', exp: now + 60 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(secret),
    'no token': 'abc',
    'three dots': '...',
  };
  for (const [what, token] of Object.entries(bad))
    expect([what, await code(auth.authenticate(header(token)))]).toEqual([what, 'TokenInvalid']);
  expect(await code(auth.authenticate(header(good, 'other')))).toBe('TokenInvalid');
  expect(await records.users.count()).toBe(1);
});

test('a new key of the provider is found', async () => {
  const { auth } = await open();
  await auth.authenticate(header(await provider.forge({})));
  const count = provider.fetches.length;
  await provider.rotate();
  // Keys fetched a moment ago are not fetched again for every unknown key.
  const token = await provider.forge({ sub: 'later' });
  expect(await code(auth.authenticate(header(token)))).toBe('TokenInvalid');
  expect(provider.fetches).toHaveLength(count);
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 31_000);
  try {
    expect((await auth.authenticate(header(token)))?.id).toBe('local~later');
  } finally {
    clock.mockRestore();
  }
});

test('a provider that is away is no fault of the token', async () => {
  const { auth } = await open();
  const token = await provider.userToken('ada');
  await provider.stop();
  const error = await auth.authenticate(header(token)).catch((thrown) => thrown);
  expect([error.code, error.status, error.retryAfter]).toEqual(['InfrastructureBusy', 503, 10]);
});

test('a provider that is away for a while does not lock out its users', async () => {
  const { auth } = await open();
  await auth.authenticate(header(await provider.forge({})));
  const exp = Math.floor(Date.now() / 1000) + 3 * 3600;
  const [one, two] = [await provider.forge({ sub: 'one', exp }), await provider.forge({ sub: 'two', exp })];
  await provider.stop();
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 2 * 3600_000);
  try {
    // The keys are old by then, but all that there is.
    expect((await auth.authenticate(header(one)))?.id).toBe('local~one');
    expect((await auth.authenticate(header(two)))?.id).toBe('local~two');
  } finally {
    clock.mockRestore();
  }
});

test('many requests with new tokens fetch the keys once', async () => {
  const { auth } = await open();
  const tokens = await Promise.all(Array.from({ length: 10 }, (_, i) => provider.forge({ sub: `u${i}` })));
  await Promise.all(tokens.map((token) => auth.authenticate(header(token))));
  expect(provider.fetches.filter((path) => path.includes('.well-known'))).toHaveLength(1);
});

test('different subjects have different ids within the characters of openEO', () => {
  const subjects = ['a', 'A', 'a~b', 'a~7eb', 'a/b', 'ä', 'a:b', '..', 'a b', '\u{1F600}'];
  const ids = subjects.map((subject) => oidcUserId('p', subject));
  expect(new Set(ids).size).toBe(subjects.length);
  for (const id of ids) expect(id).toMatch(/^p~[\w\-.~]+$/);
});

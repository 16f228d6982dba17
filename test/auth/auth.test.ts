import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkOf } from '../../src/auth/auth';
import { UserError } from '../../src/auth/users';
import { OpenEOError } from '../../src/base/errors';
import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import { openAuth } from './support/auth';

let opened: Awaited<ReturnType<typeof openAuth>>;

beforeEach(async () => {
  opened = await openAuth();
});
afterEach(() => opened.close());

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error) => (error instanceof OpenEOError ? error.code : String(error)),
  );

describe('login', () => {
  test('gives a random token that leads to the user', async () => {
    const { auth, records } = opened;
    await auth.users.create('alice', 'correct horse', { roles: ['uploader'], email: 'a@b.c' });
    const first = await auth.login('alice', 'correct horse', '::1');
    const second = await auth.login('alice', 'correct horse', '::1');
    expect(first.token).toMatch(/^[\w-]{43}$/);
    expect(second.token).not.toBe(first.token);
    expect(first.expiresAt.getTime()).toBeGreaterThan(Date.now());
    const user = await auth.authenticate(`Bearer basic//${first.token}`);
    expect(user).toEqual({ id: 'alice', name: 'alice', email: 'a@b.c', roles: ['uploader'] });
    // Neither the token nor the password is in the store.
    expect(await records.tokens.get(first.token)).toBeUndefined();
    expect((await records.users.get('alice'))?.passwordHash).toMatch(/^scrypt\$1024\$8\$1\$/);
  });

  test.each([
    ['a wrong password', 'alice', 'wrong'],
    ['no password', 'alice', ''],
    ['a longer password', 'alice', 'correct horse '],
    ['an unknown user', 'mallory', 'correct horse'],
    ['a name of JavaScript', '__proto__', 'correct horse'],
  ])('refuses %s', async (_, name, password) => {
    await opened.auth.users.create('alice', 'correct horse');
    expect(await code(opened.auth.login(name, password, '::1'))).toBe('CredentialsInvalid');
  });

  test('refuses users without a password of ours', async () => {
    const { auth, records } = opened;
    await records.users.create({ id: 'egi~x', name: 'X', roles: [], createdAt: new Date() });
    expect(await code(auth.login('egi~x', '', '::1'))).toBe('CredentialsInvalid');
    expect(await code(auth.login('egi~x', 'undefined', '::1'))).toBe('CredentialsInvalid');
  });

  test('takes equal passwords in other Unicode forms for equal', async () => {
    await opened.auth.users
      .create('zoë', 'x'.repeat(8))
      .catch((error) => expect(error).toBeInstanceOf(UserError));
    await opened.auth.users.create('zoe', 'pässwörter'.normalize('NFD'));
    await opened.auth.login('zoe', 'pässwörter'.normalize('NFC'), '::1');
  });

  test('slows down guessing by address and by name, but not those who know', async () => {
    await opened.close();
    opened = await openAuth({
      attemptsByAddress: { burst: 3, refillMs: 60_000 },
      attemptsByName: { burst: 5, refillMs: 60_000 },
    });
    const { auth } = opened;
    await auth.users.create('alice', 'correct horse');
    for (let i = 0; i < 10; i++) await auth.login('alice', 'correct horse', '10.0.0.1');
    const guesses = await Promise.all(
      Array.from({ length: 8 }, () => code(auth.login('alice', 'wrong', '10.0.0.1'))),
    );
    // Two run at once, so one more than the burst may slip through.
    expect(guesses.filter((guess) => guess === 'CredentialsInvalid').length).toBeLessThanOrEqual(4);
    expect(guesses.at(-1)).toBe('TooManyRequests');
    const error = await auth.login('alice', 'correct horse', '10.0.0.1').catch((thrown) => thrown);
    expect([error.code, error.status]).toEqual(['TooManyRequests', 429]);
    expect(error.retryAfter).toBeGreaterThan(0);
    await auth.login('alice', 'correct horse', '10.0.0.2');
    for (const address of ['10.0.0.3', '10.0.0.4', '10.0.0.5'])
      await code(auth.login('alice', 'wrong', address));
    expect(await code(auth.login('alice', 'correct horse', '10.0.0.6'))).toBe('TooManyRequests');
    expect(await code(auth.login('bob', 'anything', '10.0.0.6'))).toBe('CredentialsInvalid');
    // Addresses of one IPv6 network count together.
    for (const end of ['a', 'b', 'c']) await code(auth.login('bob', 'wrong', `2001:db8:1:2::${end}`));
    expect(await code(auth.login('bob', 'wrong', '2001:db8:1:2:3:4:5:6'))).toBe('TooManyRequests');
    expect(await code(auth.login('bob', 'wrong', '2001:db8:1:3::1'))).toBe('CredentialsInvalid');
  });

  test.each([
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8::2:0:0:1', '2001:db8:0:0'],
    ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0'],
    ['2001:db8:1:2::a', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['', ''],
  ])('%s is of the network %s', (address, network) => expect(networkOf(address)).toBe(network));
});

describe('bearer tokens', () => {
  test.each([
    ['Basic YTpi', 'AuthenticationSchemeInvalid'],
    ['Digest x', 'AuthenticationSchemeInvalid'],
    ['', 'AuthenticationSchemeInvalid'],
    ['bearer', 'TokenInvalid'],
    ['Bearer ', 'TokenInvalid'],
    ['Bearer abc', 'TokenInvalid'],
    ['Bearer basic//', 'TokenInvalid'],
    ['Bearer basic//unknown', 'TokenInvalid'],
    ['Bearer basic/provider/unknown', 'TokenInvalid'],
    ['Bearer oidc//token', 'TokenInvalid'],
    ['Bearer oidc/nobody/token', 'TokenInvalid'],
    ['Bearer oidc/__proto__/token', 'TokenInvalid'],
    ['Bearer other/x/token', 'TokenInvalid'],
    ['Bearer basic//a b', 'TokenInvalid'],
  ])('%p is refused: %s', async (header, expected) => {
    expect(await code(opened.auth.authenticate(header))).toBe(expected);
  });

  test('no header is nobody', async () => {
    expect(await opened.auth.authenticate(undefined)).toBeUndefined();
  });

  test('the scheme may be in any case', async () => {
    const { auth } = opened;
    await auth.users.create('alice', 'correct horse');
    const { token } = await auth.login('alice', 'correct horse', '::1');
    expect((await auth.authenticate(`bEARER basic//${token}`))?.id).toBe('alice');
  });

  test('end at their time', async () => {
    await opened.close();
    opened = await openAuth({ tokenLifetimeMs: 30 });
    const { auth } = opened;
    await auth.users.create('alice', 'correct horse');
    const { token, expiresAt } = await auth.login('alice', 'correct horse', '::1');
    while (Date.now() <= expiresAt.getTime()) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await code(auth.authenticate(`Bearer basic//${token}`))).toBe('TokenInvalid');
  });

  test('follow what happens to the user, from the next request on', async () => {
    const { auth } = opened;
    await auth.users.create('alice', 'correct horse');
    await auth.users.create('bob', 'correct horse');
    const alice = `Bearer basic//${(await auth.login('alice', 'correct horse', '::1')).token}`;
    const bob = `Bearer basic//${(await auth.login('bob', 'correct horse', '::1')).token}`;
    expect((await auth.authenticate(alice))?.roles).toEqual([]);
    await auth.users.setRoles('alice', ['admin']);
    expect((await auth.authenticate(alice))?.roles).toEqual(['admin']);
    await auth.users.setPassword('alice', 'another horse');
    expect(await code(auth.authenticate(alice))).toBe('TokenInvalid');
    expect((await auth.authenticate(bob))?.id).toBe('bob');
    await auth.users.remove('bob');
    expect(await code(auth.authenticate(bob))).toBe('TokenInvalid');
    await auth.login('alice', 'another horse', '::1');
  });

  test('changes on another server reach the cache within a second', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tilegraph-auth-'));
    const open = async () => {
      const records = await openRecordStore(`sqlite:///${join(folder, 'records.db')}`, {
        logger: silentLogger,
      });
      return openAuth({ records });
    };
    const [one, two] = [await open(), await open()];
    await one.auth.users.create('alice', 'correct horse');
    const header = `Bearer basic//${(await two.auth.login('alice', 'correct horse', '::1')).token}`;
    expect((await one.auth.authenticate(header))?.roles).toEqual([]);
    const within = async (isDone: () => Promise<boolean>) => {
      const end = Date.now() + 1000;
      while (!(await isDone()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
      return isDone();
    };
    await two.auth.users.setRoles('alice', ['uploader']);
    expect(await within(async () => (await one.auth.authenticate(header))?.roles.length === 1)).toBe(true);
    const signed = await two.auth.sign('service:a', 60);
    expect(await one.auth.verify('service:a', signed)).toBe(true);
    await two.auth.revoke('service:a');
    expect(await within(async () => !(await one.auth.verify('service:a', signed)))).toBe(true);
    await two.auth.users.setPassword('alice', 'another horse');
    expect(await within(async () => (await code(one.auth.authenticate(header))) === 'TokenInvalid')).toBe(
      true,
    );
    for (const { close, records } of [one, two]) {
      await close();
      await records.close();
    }
    await rm(folder, { recursive: true, force: true });
  });
});

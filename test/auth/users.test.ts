import { hashPassword, verifyPassword } from '../../src/auth/passwords';
import { ensureAdmin, UserError } from '../../src/auth/users';
import { openAuth, testCost } from './support/auth';

let opened: Awaited<ReturnType<typeof openAuth>>;

beforeEach(async () => {
  opened = await openAuth();
});
afterEach(() => opened.close());

describe('passwords', () => {
  test('hashes of one password differ, carry their cost and verify', async () => {
    const [first, second] = await Promise.all([hashPassword('secret'), hashPassword('secret', testCost)]);
    expect(first).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
    expect(await verifyPassword('secret', first)).toBe(true);
    expect(await verifyPassword('secret', second)).toBe(true);
    expect(await verifyPassword('Secret', second)).toBe(false);
    expect(await verifyPassword('secret', undefined, testCost)).toBe(false);
    await expect(verifyPassword('secret', 'plain')).rejects.toThrow('malformed');
  });
});

describe('users', () => {
  test.each(['', '.', '..', '-a', '~a', 'a b', 'a/b', '../a', 'ä', 'a~b', 'a:b', 'x'.repeat(65)])(
    'the id %p is refused',
    async (id) => {
      await expect(opened.auth.users.create(id, 'long enough')).rejects.toBeInstanceOf(UserError);
    },
  );

  test('ids of JavaScript are ids like others', async () => {
    for (const id of ['__proto__', 'constructor', 'toString']) {
      await opened.auth.users.create(id, 'long enough', { roles: ['admin'] });
      expect((await opened.records.users.get(id))?.roles).toEqual(['admin']);
    }
    expect((await opened.auth.users.list()).map(({ id }) => id)).toContain('__proto__');
  });

  test('wrong requests say what is wrong', async () => {
    const { users } = opened.auth;
    await users.create('alice', 'long enough');
    await expect(users.create('alice', 'long enough')).rejects.toThrow('There is a user "alice" already');
    await expect(users.create('bob', 'short')).rejects.toThrow('at least 8');
    await expect(users.setRoles('alice', ['boss'])).rejects.toThrow('Unknown roles: boss');
    await expect(users.setRoles('nobody', [])).rejects.toThrow('no user "nobody"');
    await expect(users.setPassword('nobody', 'long enough')).rejects.toThrow('no user "nobody"');
    await expect(users.remove('nobody')).rejects.toThrow('no user "nobody"');
  });

  test('lists do not tell hashes', async () => {
    await opened.auth.users.create('alice', 'long enough');
    expect(JSON.stringify(await opened.auth.users.list())).not.toMatch(/scrypt|password/i);
  });
});

describe('the first administrator', () => {
  const admin = { id: 'admin', cost: testCost };

  test('gets a password that is told once', async () => {
    const { auth, records } = opened;
    const { generatedPassword } = await ensureAdmin(records, admin);
    expect(generatedPassword).toMatch(/^[\w-]{20}$/);
    expect(await ensureAdmin(records, admin)).toEqual({});
    const { token } = await auth.login('admin', generatedPassword as string, '::1');
    expect((await auth.authenticate(`Bearer basic//${token}`))?.roles).toEqual(['admin']);
  });

  test('gets the configured password, which is not told; later starts change nothing', async () => {
    const { auth, records } = opened;
    expect(await ensureAdmin(records, { ...admin, password: 'from the environment' })).toEqual({});
    expect(await ensureAdmin(records, { ...admin, password: 'something else' })).toEqual({});
    await auth.login('admin', 'from the environment', '::1');
  });

  test('is made once by servers that start together', async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => ensureAdmin(opened.records, admin)));
    expect(results.filter(({ generatedPassword }) => generatedPassword !== undefined)).toHaveLength(1);
  });

  test('a password that is too short stops the start', async () => {
    await expect(ensureAdmin(opened.records, { ...admin, password: 'x' })).rejects.toThrow('at least 8');
  });
});

import { openAuth } from './support/auth';

let opened: Awaited<ReturnType<typeof openAuth>>;

beforeEach(async () => {
  opened = await openAuth();
});
afterEach(() => opened.close());

test('a signature is good for its subject only', async () => {
  const { auth } = opened;
  const token = await auth.sign('service:a', 60);
  expect(encodeURIComponent(token)).toBe(token);
  expect(await auth.verify('service:a', token)).toBe(true);
  expect(await auth.verify('service:b', token)).toBe(false);
  expect(await auth.verify('', token)).toBe(false);
});

test('it ends at its time', async () => {
  expect(await opened.auth.verify('a', await opened.auth.sign('a', 0))).toBe(false);
  expect(await opened.auth.verify('a', await opened.auth.sign('a', -5))).toBe(false);
});

test('whatever is changed breaks it', async () => {
  const token = await opened.auth.sign('a', 60);
  const [key, expiry, mac] = token.split('.');
  const later = (Number.parseInt(expiry, 36) + 1000).toString(36);
  const other = await opened.auth.sign('b', 60);
  const forged = [
    '',
    '...',
    'x',
    `${key}.${later}.${mac}`,
    `${other.split('.')[0]}.${expiry}.${mac}`,
    `00000000-0000-0000-0000-000000000000.${expiry}.${mac}`,
    `${key}.${expiry}.${mac.slice(0, -1)}`,
    `${key}.${expiry}.${mac}A`,
    `${key}.${expiry}.${'A'.repeat(43)}`,
    `__proto__.${expiry}.${mac}`,
  ];
  for (const attempt of forged)
    expect([attempt, await opened.auth.verify('a', attempt)]).toEqual([attempt, false]);
  expect(await opened.auth.verify('a', token)).toBe(true);
});

test('revoking ends all signatures of a subject and no others; new ones work', async () => {
  const { auth, records } = opened;
  const [first, second, other] = [
    await auth.sign('a', 60),
    await auth.sign('a', 600),
    await auth.sign('b', 60),
  ];
  expect(await auth.verify('a', first)).toBe(true);
  await auth.revoke('a');
  expect([await auth.verify('a', first), await auth.verify('a', second)]).toEqual([false, false]);
  expect(await auth.verify('b', other)).toBe(true);
  expect(await auth.verify('a', await auth.sign('a', 60))).toBe(true);
  expect(await records.signingKeys.list('a')).toHaveLength(1);
});

test('keys rotate: an old one verifies, a new one signs', async () => {
  const { auth, records } = opened;
  const createdAt = new Date(Date.now() - 31 * 24 * 3600_000);
  await records.signingKeys.create({
    id: '11111111-1111-4111-8111-111111111111',
    subject: 'a',
    secret: Buffer.alloc(32, 1),
    createdAt,
  });
  const token = await auth.sign('a', 60);
  expect(token).not.toMatch(/^11111111/);
  expect((await auth.sign('a', 60)).split('.')[0]).toBe(token.split('.')[0]);
});

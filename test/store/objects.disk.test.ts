import {
  existsSync,
  promises as fs,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { silentLogger } from '../../src/base/logger';
import { writeBody } from '../../src/store/objects/disk-write';
import { openObjectStore } from '../../src/store/objects/open';
import { describeObjectStore } from './objects.contract';

const base = mkdtempSync(join(tmpdir(), 'tilegraph objects ü-'));
let count = 0;

function newFolder(): string {
  return join(base, `made at the start ${++count}`);
}

function open(folder: string) {
  return openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
}

afterAll(() => rmSync(base, { recursive: true, force: true }));

describeObjectStore(() => open(newFolder()));

test('leaves no empty folders and no unfinished files', async () => {
  const folder = newFolder();
  const store = await open(folder);
  await store.put('a/b/c/d', Buffer.from('x'));
  await store.put('a/e', Buffer.from('x'));
  await store.remove('a/b/c/d');
  expect(readdirSync(join(folder, 'a'))).toEqual(['e']);
  await store.removeAll('');
  await expect(store.put('x/y', Buffer.alloc(2), { maxBytes: 1 })).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(['.incoming']);
  expect(readdirSync(join(folder, '.incoming'))).toEqual([]);
  expect(existsSync(folder)).toBe(true);
});

test('follows no link out of its folder', async () => {
  const outside = newFolder();
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'secret');
  const folder = newFolder();
  const store = await open(folder);
  symlinkSync(outside, join(folder, 'link'));
  symlinkSync(join(outside, 'secret'), join(folder, 'file'));
  for (const key of ['link/secret', 'file']) {
    expect(await store.get(key)).toBeUndefined();
    expect(await store.head(key)).toBeUndefined();
    expect(await store.remove(key)).toBe(false);
  }
  expect((await store.list('')).items).toEqual([]);
  expect((await store.list('link')).items).toEqual([]);
  expect(await store.removeAll('link')).toBe(0);
  for (const key of ['link/new', 'link/deep/new'])
    await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'FilePathInvalid' });
  expect(readdirSync(outside)).toEqual(['secret']);
  // A file in the place of a link replaces the link, not what it points to.
  await store.put('file', Buffer.from('own'));
  expect((await store.head('file'))?.size).toBe(3);
});

test('a root that is a link itself works', async () => {
  const real = newFolder();
  mkdirSync(real);
  const link = newFolder();
  symlinkSync(real, link);
  const store = await open(link);
  await store.put('a/b', Buffer.from('x'));
  expect((await store.list('')).items.map((item) => item.key)).toEqual(['a/b']);
});

test('removes uploads that a crash left behind, not those under way', async () => {
  const folder = newFolder();
  await open(folder);
  for (const name of ['old', 'young']) writeFileSync(join(folder, '.incoming', name), '');
  utimesSync(join(folder, '.incoming', 'old'), new Date(0), new Date(0));
  await open(folder);
  expect(readdirSync(join(folder, '.incoming'))).toEqual(['young']);
});

const withFullDevice = existsSync('/dev/full') ? test : test.skip;
withFullDevice('a full disk is a StorageFailure', async () => {
  const file = await fs.open('/dev/full', 'w');
  const refused = { code: 'StorageFailure', status: 507, cause: { code: 'ENOSPC' } };
  await expect(writeBody(file, Buffer.from('x'), {})).rejects.toMatchObject(refused);
  await expect(writeBody(file, Readable.from(['x']), {})).rejects.toMatchObject(refused);
  await file.close();
});

test('a folder that went away is a StorageFailure', async () => {
  const folder = newFolder();
  const store = await open(folder);
  rmSync(folder, { recursive: true });
  await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'StorageFailure' });
  expect(await store.get('a')).toBeUndefined();
});

test.each(['s3://Bad_Bucket', 's3://bucket?x', 'file://host/x', '/plain/path', 'http://u:secret@h/', ''])(
  'the address %j is refused',
  async (url) => {
    const opening = openObjectStore(url, { logger: silentLogger });
    await expect(opening).rejects.toThrow('file:///absolute/path\n- s3://bucket/prefix');
    await expect(opening).rejects.not.toThrow('secret');
  },
);

test('a folder that cannot be made is named', async () => {
  const file = newFolder();
  writeFileSync(file, '');
  await expect(open(join(file, 'x'))).rejects.toThrow(file);
});

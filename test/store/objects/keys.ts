import fc from 'fast-check';
import { foldersBelow } from '../../../src/store/objects/folders';
import { keys, type ObjectFixture, read } from './fixture';

/** Keys, folders of them, and their lists. */
export function describeKeys(given: ObjectFixture): void {
  test.each([
    '',
    '/',
    '/etc/passwd',
    '..',
    '../x',
    'a/../../x',
    'a/./b',
    'a//b',
    'a/',
    '.',
    'a\0b',
    'a\nb',
    'a\u0085b',
    'a\\..\\b',
    '\ud800',
    'x'.repeat(256),
    'ü'.repeat(128),
    Array(12).fill('y'.repeat(100)).join('/'),
    '.incoming/x',
  ])('the key %j is refused', async (key) => {
    const refused = { code: 'FilePathInvalid' };
    await expect(given.store.put(key, Buffer.from('x'))).rejects.toMatchObject(refused);
    await expect(given.store.get(key)).rejects.toMatchObject(refused);
    await expect(given.store.head(key)).rejects.toMatchObject(refused);
    await expect(given.store.remove(key)).rejects.toMatchObject(refused);
    expect(await keys(given.store, '')).toEqual([]);
  });

  test.each([
    '__proto__',
    'constructor/__proto__',
    'Zoë/🛰.tif',
    '..x',
    '...',
    ' ',
    'a b%2F..%2Fc',
    'x'.repeat(255),
  ])('the key %j is a key like any other', async (key) => {
    await given.store.put(key, Buffer.from(key));
    expect(await keys(given.store, '')).toEqual([key]);
    expect(await read(given.store, key)).toBe(key);
    expect(await given.store.remove(key)).toBe(true);
  });

  test('composed and decomposed letters are different keys', async () => {
    for (const key of ['\u00e9', 'e\u0301']) await given.store.put(key, Buffer.from(String(key.length)));
    expect(await read(given.store, '\u00e9')).toBe('1');
    expect(await read(given.store, 'e\u0301')).toBe('2');
  });

  test('a key is a file or a folder, not both, where keys form a tree', async () => {
    await given.store.put('a/b', Buffer.from('x'));
    if (!given.store.isTree) {
      await given.store.put('a', Buffer.from('beside'));
      expect(await keys(given.store, '')).toEqual(['a', 'a/b']);
      expect(await given.store.removeAll('a')).toBe(1);
      expect(await read(given.store, 'a')).toBe('beside');
      return;
    }
    await expect(given.store.put('a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'FolderOperationUnsupported',
    });
    await expect(given.store.put('a', Buffer.from('x'), { condition: 'absent' })).rejects.toMatchObject({
      code: 'FolderOperationUnsupported',
    });
    await expect(given.store.put('a/b/c', Buffer.from('x'))).rejects.toMatchObject({
      code: 'FilePathInvalid',
    });
    expect(await keys(given.store, '')).toEqual(['a/b']);
    await given.store.remove('a/b');
    await given.store.put('a', Buffer.from('now a file'));
    expect(await read(given.store, 'a')).toBe('now a file');
  });

  test('lists a folder, not its namesakes, and removes it', async () => {
    for (const key of ['u/ann/1', 'u/ann/2/3', 'u/anna/1', 'u/ann.txt', 'v'])
      await given.store.put(key, Buffer.from('x'));
    expect(await keys(given.store, 'u/ann')).toEqual(['u/ann/1', 'u/ann/2/3']);
    expect(await keys(given.store, 'u/ann/')).toEqual(['u/ann/1', 'u/ann/2/3']);
    await expect(given.store.list('../x')).rejects.toMatchObject({ code: 'FilePathInvalid' });
    await expect(given.store.removeAll('u/..')).rejects.toMatchObject({ code: 'FilePathInvalid' });
    expect(await given.store.removeAll('u/ann')).toBe(2);
    expect(await keys(given.store, '')).toEqual(['u/ann.txt', 'u/anna/1', 'v']);
    expect(await given.store.removeAll('')).toBe(3);
    expect(await keys(given.store, '')).toEqual([]);
  });

  test('folders are found one by one, whatever lies in them and beside them', async () => {
    const inside = ['p/a/1/x', 'p/a/1/y/z', 'p/a/2/x', 'p/a-b/1/x', 'p/a0/1/x', 'p/b/1/x'];
    for (const key of [...inside, 'p/file', 'p/a/file', 'q/c/1/x'])
      await given.store.put(key, Buffer.from('x'));
    const folders = async (prefix: string, depth: number) => {
      const found: string[] = [];
      for await (const { folder, first } of foldersBelow(given.store, prefix, depth)) {
        expect(first.key.startsWith(folder)).toBe(true);
        found.push(folder);
      }
      return found;
    };
    expect(await folders('p/', 3)).toEqual(['p/a-b/1/', 'p/a/1/', 'p/a/2/', 'p/a0/1/', 'p/b/1/']);
    expect(await folders('p/a/', 3)).toEqual(['p/a/1/', 'p/a/2/']);
    expect(await folders('', 1)).toEqual(['p/', 'q/']);
    expect(await folders('none/', 2)).toEqual([]);
    await given.store.removeAll('');
  });

  test('lists in byte order, in pages that begin after any key', async () => {
    const segment = fc
      .stringMatching(new RegExp(`^[${given.letters}]{1,3}$`, 'u'))
      .filter((name) => !/^\.{1,2}$/.test(name));
    const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        key,
        async (wanted, limit, after) => {
          await given.store.removeAll('');
          expect(await keys(given.store, '')).toEqual([]);
          const written: string[] = [];
          // Where a folder is already, or a file in the way, the key cannot be.
          for (const each of wanted)
            await given.store.put(each, Buffer.from('x')).then(
              () => written.push(each),
              () => {},
            );
          const sorted = written.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          const paged: string[] = [];
          for (let next: string | undefined = ''; next !== undefined; ) {
            const page = await given.store.list('', { limit, after: next });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            paged.push(...page.items.map((item) => item.key));
            next = page.next;
          }
          expect(paged).toEqual(sorted);
          const rest = (await given.store.list('', { after })).items.map((item) => item.key);
          expect(rest).toEqual(
            sorted.filter((each) => Buffer.compare(Buffer.from(each), Buffer.from(after)) > 0),
          );
        },
      ),
      { numRuns: given.rounds },
    );
  });
}

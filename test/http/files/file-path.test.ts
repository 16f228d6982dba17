import fc from 'fast-check';
import { parentFolders, parseFilePath } from '../../../src/http/files/file-path';

test.each([
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/..',
  '../a',
  'a/../b',
  './a',
  'a/./b',
  'a\\b',
  'a\u0000b',
  'a\nb',
  'a\u007f',
  'c:a',
  `a"b`,
  `a'b`,
  'x'.repeat(201),
  'ä'.repeat(101),
  `${'x'.repeat(100)}/`.repeat(9),
  '\ud800',
])('%j is no file path', (path) => {
  expect(() => parseFilePath(path)).toThrow(expect.objectContaining({ code: 'FilePathInvalid' }));
});

test.each([
  'a',
  'a/b.txt',
  '...',
  '.hidden',
  'a b',
  '__proto__',
  'constructor/x',
  '日本/\u{1F600}',
  'a..b',
  '~a',
])('%j is a file path', (path) => {
  expect(parseFilePath(path)).toBe(path);
});

test('equal names are equal whatever system wrote them', () => {
  expect(parseFilePath('Zoe\u0308')).toBe('Zo\u00eb');
});

test('what is accepted never leaves the folder of the user', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '%', '\u0000', ' ', 'ä') }),
      (path) => {
        let plain: string;
        try {
          plain = parseFilePath(path);
        } catch {
          return;
        }
        expect(
          new URL(`file:///root/user/${plain.split('/').map(encodeURIComponent).join('/')}`).pathname,
        ).toMatch(/^\/root\/user\/./);
      },
    ),
  );
});

test('the folders above a file', () => {
  expect(parentFolders('a/b/c.txt')).toEqual(['a', 'a/b']);
  expect(parentFolders('c.txt')).toEqual([]);
});

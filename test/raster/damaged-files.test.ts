import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { OpenEOError } from '../../src/base/errors';
import { newReader, noHttp, readBand } from './support/scenes';
import { pixelOf, type TinyOptions, tinyTiff } from './support/tiny-tiff';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-damaged-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function file(bytes: Uint8Array): string {
  const path = join(folder, `f${count++}.tif`);
  writeFileSync(path, bytes);
  return path;
}

/** Reads all pixels of a file by a reader of its own. */
async function readAll(path: string) {
  const reader = newReader();
  try {
    const { grid } = await reader.info(path, AbortSignal.timeout(5000));
    const window = Math.max(grid.width, grid.height) > 4096 ? { ...grid, width: 64, height: 48 } : grid;
    return await readBand(reader, path, window);
  } finally {
    await reader.close();
  }
}

async function failure(path: string): Promise<OpenEOError> {
  try {
    await readAll(path);
  } catch (error) {
    expect(error).toBeInstanceOf(OpenEOError);
    expect((error as OpenEOError).code).toBe('SourceUnreadable');
    expect((error as OpenEOError).message).not.toContain(folder);
    return error as OpenEOError;
  }
  throw new Error('it was read');
}

test('a sound file is read', async () => {
  const { data, shape } = await readAll(file(tinyTiff()));
  expect(shape).toEqual([1, 1, 48, 64]);
  for (const [column, row] of [
    [0, 0],
    [63, 47],
    [17, 31],
  ])
    expect(data[row * 64 + column]).toBe(pixelOf(column, row));
});

describe('damaged and absurd files are refused with what is wrong', () => {
  const kinds: readonly [name: string, reason: RegExp, options: TinyOptions][] = [
    ['a ring of directories', /ring/, { next: 8 + 0 }],
    ['millions of pixels a side', /plausible/, { tags: { 256: [4, 4_000_000_000] } }],
    ['no pixels', /plausible/, { tags: { 257: [4, 0] } }],
    ['huge blocks', /too large/, { tags: { 322: [4, 1_000_000], 323: [4, 1_000_000] } }],
    ['blocks without size', /no size/, { tags: { 322: [4, 0] } }],
    ['too many bands', /bands/, { tags: { 277: [3, 60000] } }],
    ['an unknown compression', /compression 9999/, { tags: { 259: [3, 9999] } }],
    ['an unknown predictor', /predictor 9/, { tags: { 317: [3, 9] } }],
    ['bits of no kind', /13 bits/, { tags: { 258: [3, 13] } }],
    ['complex numbers', /complex/, { tags: { 258: [3, 64], 339: [3, 6] } }],
    ['no place on earth', /georeference/, { tags: { 33550: undefined } }],
    ['no reference system', /reference system/, { tags: { 34735: undefined } }],
    [
      'an unknown reference system',
      /999/,
      { tags: { 34735: [3, [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 999]] } },
    ],
    [
      'a rotation',
      /rotated/,
      { tags: { 33550: undefined, 34264: [12, [8, 2, 0, 6e5, 2, -8, 0, 5e6, 0, 0, 0, 0, 0, 0, 0, 1]] } },
    ],
    [
      'rows from south to north',
      /north to south/,
      { tags: { 33550: undefined, 34264: [12, [8, 0, 0, 6e5, 0, 8, 0, 5e6, 0, 0, 0, 0, 0, 0, 0, 1]] } },
    ],
    ['blocks beyond the end', /ends before/, { tags: { 324: [4, new Array(12).fill(900_000_000)] } }],
    ['absurdly long blocks', /longer than/, { tags: { 325: [4, new Array(12).fill(900_000_000)] } }],
    ['noise in place of data', /decoded/, { data: Buffer.from('this is no deflate stream at all') }],
    ['too little data', /too little/, { data: deflateSync(new Uint8Array(10)) }],
    ['a bomb', /decoded/, { data: deflateSync(new Uint8Array(200_000)) }],
  ];

  test.each(kinds)('%s', async (name, reason, options) => {
    const plain = tinyTiff(options);
    const bytes = name === 'a ring of directories' ? tinyTiff({ next: plain.readUInt32LE(4) }) : plain;
    expect((await failure(file(bytes))).message).toMatch(reason);
  });

  test('the first rows of a block that is not kept', async () => {
    const start = async (data: Buffer) => {
      const reader = newReader(noHttp, 0);
      const path = file(tinyTiff({ data }));
      try {
        const { grid } = await reader.info(path, AbortSignal.timeout(5000));
        return await readBand(reader, path, { ...grid, height: 5 });
      } finally {
        await reader.close();
      }
    };
    await expect(start(Buffer.from('this is no deflate stream at all'))).rejects.toThrow(/decoded/);
    await expect(start(deflateSync(new Uint8Array(79)))).rejects.toThrow(/too little/);
    await expect(start(deflateSync(new Uint8Array(256)).subarray(0, 6))).rejects.toThrow(/decoded/);
    const enough = await start(deflateSync(new Uint8Array(80).fill(9)));
    expect(new Set(enough.data)).toEqual(new Set([9]));
  });

  test('a value table longer than any', async () => {
    const bytes = tinyTiff();
    const directory = bytes.readUInt32LE(4);
    // The count of the entry of tile offsets, the ninth.
    for (let i = 0; i < bytes.readUInt16LE(directory); i++)
      if (bytes.readUInt16LE(directory + 2 + i * 12) === 324)
        bytes.writeUInt32LE(0xfffffff0, directory + 6 + i * 12);
    expect((await failure(file(bytes))).message).toMatch(/ends before|longer than/);
  });

  test.each([
    ['nothing', ''],
    ['text', 'Dear reader, this is a letter and no picture.'],
    ['a header alone', 'II*\0'],
  ])('%s', async (_, text) => {
    await failure(file(Buffer.from(text, 'latin1')));
  });

  test('missing files and folders', async () => {
    expect((await failure(join(folder, 'missing.tif'))).message).toMatch(/no such file/);
    expect((await failure(folder)).message).toMatch(/folder|not a file/);
    expect((await failure('relative.tif')).message).toMatch(/neither/);
  });

  test('a file cut anywhere', async () => {
    const bytes = tinyTiff();
    for (let length = 0; length < bytes.length - 8; length += 97)
      await failure(file(bytes.subarray(0, length)));
  });

  test('a file with any one byte changed is read or refused, nothing else', async () => {
    const sound = tinyTiff({ width: 32, height: 32 });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sound.length - 1),
        fc.integer({ min: 0, max: 255 }),
        async (position, value) => {
          const bytes = Buffer.from(sound);
          bytes[position] = value;
          const path = file(bytes);
          try {
            await readAll(path);
          } catch (error) {
            expect(error).toBeInstanceOf(OpenEOError);
          } finally {
            rmSync(path);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

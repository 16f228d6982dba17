import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { Journal } from '../../src/base/journal';
import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import { openTileStore } from '../../src/store/tiles/open';
import { migrateEarlierTiles } from '../../src/store/tiles/postgres/earlier/migrate';
import { EarlierFiles } from '../../src/tiles/earlier-files';
import { TileFiles } from '../../src/tiles/files';
import {
  type FinishedFile,
  type FinishParts,
  finishFiles,
  unfinishedMoves,
} from '../../src/tiles/finish-files';
import { TileReader } from '../../src/tiles/reader';
import type { TileStore } from '../../src/tiles/types';
import { parseUploadEntry, uploadTile } from '../../src/tiles/upload';
import { runChild } from '../support/child';
import type { TestTileStore } from '../support/tile-stores';
import { faults, noFaults } from './support/check-catalogue';
import { type EarlierDatabase, type EarlierRow, earlierDatabase } from './support/earlier-databases';

const flight = '00000000-0000-4000-8000-00000000000a';
const signatures = {
  jpg: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  png: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
};

/** Bytes that begin as a picture does; no two are equal. */
const picture = (type: keyof typeof signatures = 'jpg') =>
  Buffer.concat([signatures[type], Buffer.from(randomUUID())]);
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let old: EarlierDatabase;
let store: TileStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-finish-'));
});
afterEach(async () => {
  await store.close();
  await old.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** A migrated database, whose rows have no digests yet. */
async function migrated(rows: readonly EarlierRow[]): Promise<void> {
  old = await earlierDatabase(14, rows);
  await migrateEarlierTiles(old.url);
  store = await openTileStore(old.url, { logger: silentLogger });
}

function put(path: string, bytes: Buffer): Buffer {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, bytes);
  return bytes;
}

function filesIn(name: string): string[] {
  const top = join(folder, name);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1))
    .sort();
}

const open = (name: string) =>
  openObjectStore(pathToFileURL(join(folder, name)).href, { logger: silentLogger });

async function finish(changes: Partial<FinishParts> = {}): Promise<FinishedFile[]> {
  const moves = unfinishedMoves();
  const journal = await Journal.open(join(folder, 'moves.ndjson'), moves.note);
  const parts: FinishParts = {
    ...{ catalogue: store.catalogue, files: new TileFiles(await open('objects')), journal },
    earlier: new EarlierFiles(await open('from'), join(folder, 'from')),
    ...changes,
  };
  const found: FinishedFile[] = [];
  try {
    for await (const one of finishFiles(parts, moves.list())) found.push(one);
  } finally {
    await journal.close();
  }
  return found;
}

const kinds = async (changes?: Partial<FinishParts>) =>
  (await finish(changes)).map(({ kind }) => kind).sort();

const stored = () =>
  old.query<{ path: string; digest: string; size: string; type: string }>(
    `select file_path as path, encode(content_sha256, 'hex') as digest, byte_count as size, image_type as type
     from tiles order by file_path`,
  );

test('8.5 6.1 files move to their places, rows get digest, size and type, and old files go', async () => {
  const jpg = put('from/18/a.jpg', picture());
  const png = put('from/b', picture('png'));
  const uav = put('from/c.jpg', picture());
  const inPlace = put('objects/tiles/google_maps/12/3/9.jpg', picture());
  await migrated([
    { z: 12, x: 1, y: 9, path: '18/a.jpg' },
    { z: 12, x: 2, y: 9, path: join(folder, 'from/b'), imageType: 'jpg' },
    { z: 12, x: 2, y: 9, path: './c.jpg', source: 'uav', flight },
    { z: 12, x: 3, y: 9, path: 'google_maps/12/3/9.jpg' },
  ]);
  const before = await old.query('select id, updated_at, created_at, captured_at from tiles order by id');
  // A dry run says the same and changes nothing.
  expect(await kinds({ journal: undefined })).toEqual(['measured', 'moved', 'moved', 'moved']);
  expect(filesIn('from')).toHaveLength(3);
  expect(await kinds()).toEqual(['measured', 'moved', 'moved', 'moved']);
  const row = (path: string, bytes: Buffer, type: string) => ({
    path,
    digest: sha(bytes),
    size: String(bytes.length),
    type,
  });
  expect(await stored()).toEqual([
    row('google_maps/12/1/9.jpg', jpg, 'jpeg'),
    row('google_maps/12/2/9.png', png, 'png'),
    row('google_maps/12/3/9.jpg', inPlace, 'jpeg'),
    row(`uav/${flight}/12/2/9.jpg`, uav, 'jpeg'),
  ]);
  expect(filesIn('from')).toEqual([]);
  expect(filesIn('objects/tiles')).toEqual((await stored()).map(({ path }) => path));
  // The tiles are the same ones: nothing that the selection or a client's copy goes by has changed.
  expect(await old.query('select id, updated_at, created_at, captured_at from tiles order by id')).toEqual(
    before,
  );
  const reader = new TileReader(store.catalogue, new TileFiles(await open('objects')), { cacheBytes: 0 });
  expect((await reader.get({ z: 12, x: 1, y: 9 }))?.bytes).toEqual(jpg);
  reader.close();
  expect(await kinds()).toEqual(Array(4).fill('complete'));
});

test('8.5 what cannot be moved is told and left alone', async () => {
  put('from/text.jpg', Buffer.from('no picture'));
  put('from/other.jpg', picture());
  await migrated([
    { z: 12, x: 1, y: 9, path: 'missing.jpg' },
    { z: 12, x: 2, y: 9, path: 'text.jpg' },
    { z: 12, x: 3, y: 9, path: 'other.jpg' },
    { z: 12, x: 4, y: 9, path: '../../../../etc/passwd' },
    { z: 12, x: 5, y: 9, path: 'satar.jpg', source: '../satar' },
  ]);
  await old.query(`update tiles set content_sha256 = '\\x${'ab'.repeat(32)}' where file_path = 'other.jpg'`);
  const reasons = (await finish()).map(
    (one) => one.kind === 'failed' && `${one.row.filePath}: ${one.reason}`,
  );
  expect(reasons.sort()).toEqual([
    '../../../../etc/passwd: its file is missing',
    'missing.jpg: its file is missing',
    'other.jpg: its file does not have its digest',
    'satar.jpg: its source is not known',
    'text.jpg: its file is no JPEG, PNG or WEBP',
  ]);
  expect(filesIn('objects/tiles')).toEqual([]);
  expect(filesIn('from')).toEqual(['other.jpg', 'text.jpg']);
});

test('8.5 6.6 a name that is taken is not overwritten, and a file of two rows stays until both have left it', async () => {
  const foreign = put('objects/tiles/google_maps/12/1/9.jpg', Buffer.from('another file'));
  const shared = put('from/shared.jpg', picture());
  await migrated([
    { z: 12, x: 1, y: 9, path: 'shared.jpg' },
    { z: 12, x: 2, y: 9, path: 'shared.jpg' },
  ]);
  expect(await kinds()).toEqual(['moved', 'moved']);
  const [first, second] = await stored();
  expect(first.path).toMatch(/^google_maps\/12\/1\/9\.\w+\.jpg$/);
  expect(second.path).toBe('google_maps/12/2/9.jpg');
  for (const { path } of [first, second])
    expect(readFileSync(join(folder, 'objects/tiles', path))).toEqual(shared);
  expect(readFileSync(join(folder, 'objects/tiles/google_maps/12/1/9.jpg'))).toEqual(foreign);
  expect(filesIn('from')).toEqual([]);
});

test('8.5 a writer that replaces the tile meanwhile wins', async () => {
  put('from/a.jpg', picture());
  await migrated([{ z: 12, x: 1, y: 9, path: 'a.jpg' }]);
  const files = new TileFiles(await open('objects'));
  const { catalogue } = store;
  const newer = picture();
  const racing: FinishParts['catalogue'] = {
    allFiles: (page) => catalogue.allFiles(page),
    referenced: (paths) => catalogue.referenced(paths),
    async moveFile(row, file) {
      const tile = { z: 12, x: 1, y: 9 };
      const of = { tile, source: 'google_maps', imageType: 'jpeg' } as const;
      const filePath = await files.create(of, () => newer);
      await catalogue.write({
        ...{
          ...of,
          filePath,
          capturedAt: 1e15,
          sizePixels: 256,
          contentSha256: sha(newer),
          byteCount: newer.length,
        },
      });
      return catalogue.moveFile(row, file);
    },
  };
  expect(await kinds({ catalogue: racing, files })).toEqual(['replaced']);
  const [row] = await stored();
  expect(row.digest).toBe(sha(newer));
  expect(filesIn('objects/tiles')).toEqual([row.path]);
});

test('8.5 without a folder files move inside the object store', async () => {
  const content = put('objects/tiles/images/a.jpg', picture());
  await migrated([{ z: 12, x: 1, y: 9, path: 'images/a.jpg', source: 'uav' }]);
  expect(await kinds({ earlier: undefined })).toEqual(['moved']);
  // 6.1: older tiles of drones have no flight.
  expect(filesIn('objects/tiles')).toEqual(['uav/none/12/1/9.jpg']);
  expect(readFileSync(join(folder, 'objects/tiles/uav/none/12/1/9.jpg'))).toEqual(content);
});

test('8.5 3.8 uploads of the same cells go on meanwhile: every row has its file, and no file is without a row', async () => {
  const count = 40;
  const rows = Array.from({ length: count }, (_, x): EarlierRow => {
    put(`from/${x}.jpg`, picture());
    return { z: 12, x, y: 7, path: `${x}.jpg` };
  });
  await migrated(rows);
  const files = new TileFiles(await open('objects'));
  const uploads = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const bytes = await sharp({
        create: { width: 8, height: 8, channels: 3, background: { r: index, g: 0, b: 0 } },
      })
        .jpeg()
        .toBuffer();
      const path = join(folder, `upload-${index}.jpg`);
      writeFileSync(path, bytes);
      return { path, size: bytes.length };
    }),
  );
  const parts = { catalogue: store.catalogue, files, maxPixels: 1e6, logger: silentLogger };
  const upload = (x: number) =>
    uploadTile(
      parts,
      parseUploadEntry({ z: 12, x, y: 7, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' }),
      uploads[x % uploads.length],
    );
  const [moved] = await Promise.all([
    kinds({ files }),
    ...Array.from({ length: count }, (_, index) => upload((index * 7) % count)),
  ]);
  expect(moved).toHaveLength(count);
  expect(new Set(moved)).not.toContain('failed');
  await kinds({ files });
  const look = { sql: { dialect: 'postgres' }, rows: old.query } as unknown as TestTileStore;
  expect(await faults(look, join(folder, 'objects'))).toEqual(noFaults);
  // The files of rows that an upload has replaced are the earlier system's, and stay with it.
  expect(filesIn('from').length).toBeLessThanOrEqual(count);
});

test('8.5 killed at any moment and run again: nothing is lost, nothing is there twice', async () => {
  const count = 120;
  const bytes = new Map<string, Buffer>();
  const rows = Array.from({ length: count }, (_, x): EarlierRow => {
    const cell = { z: 12, x, y: 7 };
    bytes.set(`google_maps/12/${x}/7.jpg`, put(`from/${x % 7}/${x}.jpg`, picture()));
    return { ...cell, path: `${x % 7}/${x}.jpg` };
  });
  await migrated(rows);
  for (const lines of [5, 21, 34]) {
    const child = runChild('test/tiles/children/finish-files.ts', [old.url, folder]);
    let moved = 0;
    child.process.stdout?.on('data', (chunk: Buffer) => {
      moved += chunk.toString().split('moved\n').length - 1;
      if (moved >= lines) child.process.kill('SIGKILL');
    });
    await expect(child.ended).rejects.toThrow(/SIGKILL/);
  }
  const left = await kinds();
  expect(left).toHaveLength(count);
  expect(new Set(left)).toEqual(new Set(['complete', 'moved']));
  expect(await stored()).toEqual(
    [...bytes]
      .map(([path, content]) => ({ path, digest: sha(content), size: String(content.length), type: 'jpeg' }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  );
  expect(filesIn('from')).toEqual([]);
  expect(filesIn('objects/tiles')).toEqual([...bytes.keys()].sort());
  for (const [path, content] of bytes)
    expect(readFileSync(join(folder, 'objects/tiles', path))).toEqual(content);
});

test('8.5 every place where a move can be cut off is finished by the next run', async () => {
  const content = put('from/a.jpg', picture());
  await migrated([{ z: 12, x: 1, y: 9, path: 'a.jpg' }]);
  const { catalogue } = store;
  const cut = new Error('cut off');
  /** Ends as a crash would at the n-th call that leaves something behind. */
  const cutAt = (calls: number): Partial<FinishParts> => {
    let left = calls;
    const step = <T>(work: () => Promise<T>) => (left-- === 0 ? Promise.reject(cut) : work());
    return {
      catalogue: {
        allFiles: (page) => catalogue.allFiles(page),
        referenced: (paths) => step(() => catalogue.referenced(paths)),
        moveFile: (row, file) => step(() => catalogue.moveFile(row, file)),
      },
    };
  };
  let cuts = 0;
  for (let calls = 0; ; calls++) {
    try {
      await finish(cutAt(calls));
      break;
    } catch (error) {
      expect(error).toBe(cut);
      cuts++;
    }
  }
  expect(cuts).toBeGreaterThan(1);
  expect(await kinds()).toEqual(['complete']);
  expect(filesIn('from')).toEqual([]);
  expect(filesIn('objects/tiles')).toEqual(['google_maps/12/1/9.jpg']);
  expect(readFileSync(join(folder, 'objects/tiles/google_maps/12/1/9.jpg'))).toEqual(content);
});

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import { TileFiles } from '../../src/tiles/files';
import { type SweepFinding, type SweepOptions, type SweptCatalogue, sweepTiles } from '../../src/tiles/sweep';
import { dialects, type TestTileStore, testTileStore } from '../support/tile-stores';
import { faults, noFaults } from './support/check-catalogue';

describe.each(dialects)('the orphan sweep on %s', (dialect) => {
  let store: TestTileStore;
  let folder: string;
  let files: TileFiles;

  beforeAll(async () => {
    store = await testTileStore(dialect);
  });
  beforeEach(async () => {
    await store.rows('delete from tiles returning id');
    folder = mkdtempSync(join(tmpdir(), 'tilegraph-sweep-'));
    files = new TileFiles(await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  afterAll(() => store.close());

  /** A file of the catalogue, an hour old unless told. */
  function file(path: string, ageMs = 3_600_000): string {
    const full = join(folder, 'tiles', path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, path);
    const then = (Date.now() - ageMs) / 1000;
    utimesSync(full, then, then);
    return path;
  }

  const row = (x: number, filePath: string) =>
    store.store.catalogue.write({
      ...{ tile: { z: 20, x, y: 1 }, source: 'google_maps', capturedAt: 1e15, filePath },
      ...{ imageType: 'png', sizePixels: 256, contentSha256: 'ab'.repeat(32), byteCount: 5 },
    });

  async function sweep(options: SweepOptions = {}, catalogue: SweptCatalogue = store.store.catalogue) {
    const findings: SweepFinding[] = [];
    for await (const finding of sweepTiles(catalogue, files, options)) findings.push(finding);
    return findings;
  }

  /** The catalogue, in which something happens after the rows were listed. */
  const meanwhile = (happens: () => Promise<unknown>): SweptCatalogue => ({
    async allFiles(page) {
      const found = await store.store.catalogue.allFiles(page);
      await happens();
      return found;
    },
    referenced: (paths) => store.store.catalogue.referenced(paths),
  });

  test('6.6 lists files without a row and rows without a file, and removes only when told', async () => {
    await row(1, file('google_maps/20/1/1.png'));
    const { tile } = await row(2, 'google_maps/20/2/1.png');
    const orphan = file('google_maps/20/3/1.png');
    const expected = [
      { kind: 'row without file', id: tile.id, path: tile.filePath },
      { kind: 'file without row', path: orphan, size: orphan.length, removed: false },
    ];
    expect(await sweep()).toEqual(expected);
    expect(await sweep()).toEqual(expected);
    expect(await sweep({ remove: true })).toEqual([expected[0], { ...expected[1], removed: true }]);
    expect(await sweep()).toEqual([expected[0]]);
    expect(await faults(store, folder)).toMatchObject({
      ...noFaults,
      rowsWithoutFile: [tile.filePath],
      wrongDigests: expect.anything(),
    });
  });

  test('6.6 nothing is found in an empty store', async () => {
    expect(await sweep({ remove: true })).toEqual([]);
  });

  test('6.6 a file that is younger than an upload takes is left alone', async () => {
    const young = file('google_maps/20/1/1.png', 60_000);
    expect(await sweep({ remove: true })).toEqual([]);
    expect(await sweep({ remove: true, olderThanMs: 1000 })).toMatchObject([{ path: young, removed: true }]);
  });

  test('6.6 a row that comes during the sweep keeps its file', async () => {
    const late = file('google_maps/20/1/1.png');
    const racing = meanwhile(() => row(1, late));
    expect(await sweep({ remove: true }, racing)).toEqual([]);
    expect(await files.has(late)).toBe(true);
  });

  test('6.6 a row whose file a writer has just replaced is not reported', async () => {
    await row(1, 'google_maps/20/1/1.png');
    const racing = meanwhile(() => row(1, file('google_maps/20/1/1.r2.png')));
    expect(await sweep({}, racing)).toEqual([]);
  });

  test('6.5 a row with a path out of the root is a row without a file', async () => {
    await row(1, '../../etc/passwd');
    expect(await sweep({ remove: true })).toMatchObject([{ kind: 'row without file' }]);
  });

  test('6.6 more than a page of both', async () => {
    const count = 1203;
    await store.rows(
      dialect === 'postgres'
        ? `insert into tiles (id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters, tile_size_pixels,
             image_type, file_path, source, captured_at, location_hash)
           select md5(n::text)::uuid, 20, n, 1, 0, 0, 1, 1, 'png', 'google_maps/20/' || n || '/1.png', 'google_maps',
             now(), md5(n::text)::uuid from generate_series(1, ${count}) n returning id`
        : `with recursive s(n) as (select 1 union all select n + 1 from s where n < ${count})
           insert into tiles (id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters, tile_size_pixels,
             image_type, file_path, source, captured_at, location_hash)
           select printf('%08d-0000-4000-8000-000000000000', n), 20, n, 1, 0, 0, 1, 1, 'png',
             'google_maps/20/' || n || '/1.png', 'google_maps', 0, n from s returning id`,
    );
    for (let x = 2; x <= count + 1; x++) file(`google_maps/20/${x}/1.png`);
    expect((await sweep({ remove: true })).map(({ kind, path }) => [kind, path])).toEqual([
      ['row without file', 'google_maps/20/1/1.png'],
      ['file without row', `google_maps/20/${count + 1}/1.png`],
    ]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeProcessLock } from '../../src/base/process-lock';
import { runCommand } from '../support/process';
import { type EarlierDatabase, earlierDatabase } from '../tiles/support/earlier-databases';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-cli-tiles-'));
let old: EarlierDatabase;

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const run = (...args: string[]) =>
  runCommand(['tiles', ...args], {
    env: { TILEGRAPH_DATA_DIR: join(folder, 'data'), TILEGRAPH_TILE_STORE_URL: old.url },
  });

beforeAll(async () => {
  const at = '2023-05-01 00:00:00';
  old = await earlierDatabase(12, [
    { z: 12, x: 1, y: 9, path: 'old.jpg', created: '2023-04-01 00:00:00', latitude: 1 },
    { z: 12, x: 1, y: 9, path: 'new.jpg', created: at },
    { z: 12, x: 2, y: 9, path: 'lost.jpg', created: at },
  ]);
  mkdirSync(join(folder, 'from'));
  for (const name of ['old.jpg', 'new.jpg']) writeFileSync(join(folder, 'from', name), jpeg);
});
afterAll(async () => {
  await old.drop();
  rmSync(folder, { recursive: true, force: true });
});

test('8.2 a server does not start on a database of an earlier system, and says what to do', async () => {
  const { code, errors, output } = await runCommand(['serve', '--port', '0'], {
    env: { TILEGRAPH_DATA_DIR: join(folder, 'data'), TILEGRAPH_TILE_STORE_URL: old.url },
  });
  expect([code, output]).toEqual([1, '']);
  expect(errors).toMatch(
    /^The tiles database has a table "tiles" of an earlier system.*"tilegraph tiles migrate"\.\n$/,
  );
});

test('8.3 8.5 from dry run to sweep', async () => {
  const [winner] = await old.query<{ id: string }>(`select id from tiles where file_path = 'new.jpg'`);
  const dry = await run('migrate', '--dry-run');
  expect(dry).toMatchObject({ code: 0, errors: '' });
  expect(dry.output).toMatch(/state 12 .*, 3 rows/);
  expect(dry.output).toMatch(new RegExp(`collision .* gives way to ${winner.id}  old.jpg`));
  expect(dry.output).toMatch(/1 rows would be removed.*Nothing was changed/);
  const real = await run('migrate');
  expect(real).toMatchObject({ code: 0, errors: '' });
  expect(real.output).toMatch(/1 rows were removed/);
  expect((await run('migrate')).output).toMatch(/There is no table/);
  const files = await run('migrate-files', '--from', join(folder, 'from'));
  expect(files).toMatchObject({ code: 1, errors: '' });
  expect(files.output).toMatch(
    /^failed {2}\S+ {2}lost.jpg: its file is missing\n1 files moved, .* 1 failed\.\n$/,
  );
  const swept = await run('sweep');
  expect(swept).toMatchObject({ code: 1, errors: '' });
  expect(swept.output).toMatch(/^row without file {2}\S+ {2}lost.jpg\n0 files .* 1 rows without a file\.\n$/);
});

test('8.5 only one moves files at a time', async () => {
  const unlock = takeProcessLock(join(folder, 'data', 'tile-moves.lock'));
  const { code, errors } = await run('migrate-files');
  expect([code, errors]).toEqual([1, 'Another "tiles migrate-files" is at work with this data folder.\n']);
  unlock?.();
});

test.each([
  [['frob'], 2, /^tiles pull\|push/],
  [['migrate-files', '--from', '/nowhere/at/all'], 1, /There is no folder/],
] as const)('%j is refused in a line', async (args, code, message) => {
  const result = await run(...args);
  expect([result.code, result.output]).toEqual([code, '']);
  expect(result.errors).toMatch(message);
});

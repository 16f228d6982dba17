import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { openRecordStore } from '../../../src/store/records/open';
import { type Migrations, readMigrations } from '../../../src/store/sql/migrations';
import { openPostgres } from '../../../src/store/sql/postgres';
import { openSqlite } from '../../../src/store/sql/sqlite';
import type { Sql } from '../../../src/store/sql/types';
import { parseStoreUrl } from '../../../src/store/sql/url';
import { runChild } from '../../support/child';
import { testDatabase } from '../../support/postgres';

const folder = mkdtempSync(join(tmpdir(), 'tilegraph-migrations-'));
const drops: (() => Promise<void>)[] = [];
let count = 0;

afterAll(async () => {
  for (const drop of drops) await drop();
  rmSync(folder, { recursive: true, force: true });
});

const dialects = {
  sqlite: async () => `sqlite:///${folder}/${++count}.db`,
  postgres: async () => {
    const database = await testDatabase();
    drops.push(database.drop);
    return database.url;
  },
};

function open(url: string, migrations: Migrations): Promise<Sql> {
  const location = parseStoreUrl(url);
  return location.dialect === 'sqlite'
    ? openSqlite(location.file, migrations)
    : openPostgres(location.connectionString, migrations, silentLogger);
}

/** Runs a statement and returns its rows, on either dialect. */
async function query(sql: Sql, text: string): Promise<unknown[]> {
  if (sql.dialect === 'postgres') return (await sql.query({ text })).rows;
  return sql.run((database) => {
    const statement = database.prepare(text);
    return statement.reader ? statement.all() : [statement.run()];
  });
}

function steps(set: string, ...texts: string[]): Migrations {
  return {
    set,
    table: `tilegraph_migrations_${set}`,
    steps: texts.map((text, index) => ({ sql: [text], hash: text, folderMillis: index, bps: true })),
  };
}

describe.each(Object.entries(dialects))('%s', (dialect, newUrl) => {
  test('several processes that start together migrate once and all of them work', async () => {
    const url = await newUrl();
    const moment = String(Date.now() + 1500);
    const names = ['a', 'b', 'c', 'd'];
    const children = names.map((name) =>
      runChild('test/store/children/open-records.ts', [url, moment, name]),
    );
    await Promise.all(children.map((child) => child.ended));
    const store = await openRecordStore(url, { logger: silentLogger });
    expect(await store.users.count()).toBe(100);
    await store.close();
    const known = readMigrations(dialect as Sql['dialect'], 'records');
    const sql = await open(url, known);
    expect(await query(sql, `select step from ${known.table} order by step`)).toEqual(
      known.steps.map((_, index) => ({ step: index + 1 })),
    );
    await sql.close();
  });

  test('a database of a newer version, or of another history, is refused and left alone', async () => {
    const url = await newUrl();
    const [first, second, other] = [
      'create table a (n integer)',
      'create table b (n integer)',
      'create table c (n integer)',
    ];
    await (await open(url, steps('s', first, second))).close();
    await expect(open(url, steps('s', first))).rejects.toThrow(
      'The s database has 2 migrations, this version knows 1: it was used by a newer version.',
    );
    await expect(open(url, steps('s', first, other))).rejects.toThrow('another version');
    const sql = await open(url, steps('s', first, second, other));
    expect(await query(sql, 'select * from c')).toEqual([]);
    await sql.close();
  });

  test('a migration that fails leaves nothing of itself, and its next attempt starts afresh', async () => {
    const url = await newUrl();
    const half = { ...steps('s', 'x').steps[0], sql: ['create table half (n integer)', 'create nonsense'] };
    await expect(open(url, { ...steps('s'), steps: [half] })).rejects.toThrow(/nonsense/);
    const sql = await open(url, steps('s', 'create table half (n integer)'));
    expect(await query(sql, 'select * from half')).toEqual([]);
    await sql.close();
  });

  test('two stores share one database without seeing each other', async () => {
    const url = await newUrl();
    const one = await open(url, steps('one', 'create table first (n integer)'));
    const two = await open(
      url,
      steps('two', 'create table second (n integer)', 'create table third (n integer)'),
    );
    await Promise.all([
      query(one, 'insert into first values (1)'),
      query(two, 'insert into second values (2)'),
    ]);
    expect(await query(one, 'select n from second')).toEqual([{ n: 2 }]);
    await one.close();
    expect(await query(two, 'select n from first')).toEqual([{ n: 1 }]);
    await two.close();
  });
});

test('only its owner may read the file of a SQLite store', async () => {
  const file = join(folder, 'private.db');
  const sql = await openSqlite(file, steps('s', 'create table a (n integer)'));
  for (const name of [file, `${file}-wal`]) expect(statSync(name).mode & 0o077).toBe(0);
  await sql.close();
});

test('a file that is no SQLite database is named, and not changed', async () => {
  const file = join(__filename);
  const { size } = statSync(file);
  await expect(openRecordStore(`sqlite:///${file}`, { logger: silentLogger })).rejects.toThrow(file);
  await expect(openRecordStore(`sqlite:///${file}/x.db`, { logger: silentLogger })).rejects.toThrow(file);
  expect(statSync(file).size).toBe(size);
});

test('in-memory stores are apart', async () => {
  const [a, b] = await Promise.all(
    ['sqlite://', 'sqlite:///:memory:'].map((url) => openRecordStore(url, { logger: silentLogger })),
  );
  expect(await a.settings.setDefault('x', 'a')).toBe('a');
  expect(await b.settings.get('x')).toBeUndefined();
  await a.close();
  await b.close();
});

test('a lock that somebody holds is waited for without blocking', async () => {
  const file = join(folder, 'locked.db');
  const holder = await openSqlite(file, steps('s', 'create table a (n integer)'));
  const waiter = await openSqlite(file, steps('s', 'create table a (n integer)'));
  holder.database.exec('begin immediate');
  const written = waiter.transaction((database) => database.exec('insert into a values (1)'));
  let turns = 0;
  const clock = setInterval(() => turns++, 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  clearInterval(clock);
  // A blocked event loop would have let this one clock turn once or twice.
  expect(turns).toBeGreaterThan(5);
  holder.database.exec('commit');
  await written;
  expect(await query(holder, 'select n from a')).toEqual([{ n: 1 }]);
  await expect(
    waiter.transaction(() => {
      waiter.database.exec('insert into a values (2)');
      throw new Error('half-way');
    }),
  ).rejects.toThrow('half-way');
  expect(await query(holder, 'select n from a')).toEqual([{ n: 1 }]);
  await holder.close();
  await waiter.close();
});

import { sql as drizzleSql } from 'drizzle-orm';
import { silentLogger } from '../../../src/base/logger';
import { openSql } from '../../../src/store/sql/open';
import { Statements } from '../../../src/store/sql/statements';
import type { PostgresSql, Sql } from '../../../src/store/sql/types';
import { type TestDatabase, testDatabase } from '../../support/postgres';

let database: TestDatabase;
let postgres: PostgresSql;
let sqlite: Sql;

beforeAll(async () => {
  database = await testDatabase();
  const options = { migrations: 'records', logger: silentLogger } as const;
  const opened = await openSql(database.url, options);
  if (opened.dialect !== 'postgres') throw new Error('Not PostgreSQL');
  postgres = opened;
  sqlite = await openSql('sqlite://', options);
});
afterAll(async () => {
  await postgres.close();
  await sqlite.close();
  await database.drop();
});

test.each(['postgres', 'sqlite'])('a batch on %s is done as a whole or not at all', async (dialect) => {
  const statements = new Statements(dialect === 'postgres' ? postgres : sqlite);
  const insert = statements.prepare(
    drizzleSql`insert into settings (name, value) values (${drizzleSql.placeholder('name')}, 'x')`,
  );
  const count = statements.prepare(
    drizzleSql`select cast(count(*) as integer) as total from settings where name like 'batch%'`,
  );
  const total = async () => (await statements.run(count)).rows[0]['total'];
  await expect(
    statements.batch([
      [insert, { name: 'batch a' }],
      [insert, { name: 'batch b' }],
      [insert, { name: 'batch a' }],
      [count],
    ]),
  ).rejects.toThrow(/unique/i);
  expect(await total()).toBe(0);
  const outcomes = await statements.batch([
    [insert, { name: 'batch a' }],
    [insert, { name: 'batch b' }],
    [count],
  ]);
  expect(outcomes.map((outcome) => outcome.changes)).toEqual([1, 1, 1]);
  expect(outcomes[2].rows).toEqual([{ total: 2 }]);
});

test('transactions that wait for each other are repeated until all are done', async () => {
  await postgres.query({ text: "insert into settings values ('left', ''), ('right', '')" });
  let runs = 0;
  let meet: () => void;
  const bothHoldTheirFirst = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const append = (first: string, second: string) =>
    postgres.transaction(async (session) => {
      const text = "update settings set value = value || 'x' where name = $1";
      await session.query({ text, values: [first] });
      if (++runs === 2) meet();
      await bothHoldTheirFirst;
      await session.query({ text, values: [second] });
    });
  await Promise.all([append('left', 'right'), append('right', 'left')]);
  const { rows } = await postgres.query({
    text: "select value from settings where name in ('left', 'right')",
  });
  expect(rows).toEqual([{ value: 'xx' }, { value: 'xx' }]);
  expect(runs).toBeGreaterThan(2);
});

test('single statements and batches that wait for each other are repeated as well', async () => {
  await postgres.query({ text: "insert into settings values ('one', ''), ('two', '')" });
  const touch = (name: string) => ({
    text: "update settings set value = value || 'x' where name = $1 and pg_sleep(0.2) is not null",
    values: [name],
  });
  const both = (order: string) => ({
    text: `with names as materialized (select name from settings where name in ('one', 'two') order by name ${order})
      select name, pg_sleep(0.2) from settings where name in (select name from names) order by name ${order} for update`,
  });
  await Promise.all([
    postgres.batch([touch('one'), touch('two')]),
    postgres.batch([touch('two'), touch('one')]),
    postgres.query(both('asc')),
    postgres.query(both('desc')),
  ]);
  const { rows } = await postgres.query({ text: "select value from settings where name in ('one', 'two')" });
  expect(rows).toEqual([{ value: 'xx' }, { value: 'xx' }]);
});

test('what the work itself throws comes out as it is, and undoes the work', async () => {
  const reason = new Error('our own');
  const working = postgres.transaction(async (session) => {
    await session.query({ text: "insert into settings values ('undone', '')" });
    throw reason;
  });
  await expect(working).rejects.toBe(reason);
  expect((await postgres.query({ text: "select from settings where name = 'undone'" })).rowCount).toBe(0);
});

test('a statement that takes too long makes the store unavailable for its caller only', async () => {
  await expect(postgres.query({ text: 'select pg_sleep(5)', timeoutMs: 100 })).rejects.toMatchObject({
    code: 'StoreUnavailable',
  });
  await expect(postgres.query({ text: 'select 1 as one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
});

test('more work at once than there are connections waits its turn', async () => {
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      postgres.query<{ n: number }>({ name: 'turn', text: 'select $1::int as n', values: [n] }),
    ),
  );
  expect(results.map(({ rows }) => rows[0].n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

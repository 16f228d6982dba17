import { getTableColumns, getTableName, is, Table } from 'drizzle-orm';
import { type PgTable, getTableConfig as postgresConfig } from 'drizzle-orm/pg-core';
import { type SQLiteTable, getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core';
import { silentLogger } from '../../src/base/logger';
import * as postgres from '../../src/store/records/postgres/tables';
import * as sqlite from '../../src/store/records/sqlite/tables';
import { openSql } from '../../src/store/sql/open';
import { testDatabase } from '../support/postgres';

/** What has to be alike: names, what may be null, keys, indexes, and what kind of value JavaScript gets. */
function describeTable(table: Table, { primaryKeys, indexes }: Keys) {
  const columns = Object.entries(getTableColumns(table)).map(([property, column]) => ({
    property,
    name: column.name,
    notNull: column.notNull,
    primary: column.primary,
    kind: kindOf(column.getSQLType(), column.dataType),
  }));
  return {
    name: getTableName(table),
    columns,
    primaryKeys: primaryKeys.map((key) => key.columns.map((column) => column.name)),
    indexes: indexes.map(({ config }) => ({
      name: config.name,
      unique: config.unique,
      columns: config.columns.map((column) => ('name' in column ? column.name : String(column))),
    })),
  };
}

interface Keys {
  readonly primaryKeys: readonly { readonly columns: readonly { readonly name: string }[] }[];
  readonly indexes: readonly {
    readonly config: {
      readonly name?: string;
      readonly unique: boolean;
      readonly columns: readonly object[];
    };
  }[];
}

/** `text`, whatever its collation; other types by the JavaScript type that drizzle gives them. */
function kindOf(sqlType: string, dataType: string): string {
  if (sqlType.startsWith('text')) return 'text';
  if (sqlType === 'bytea' || sqlType === 'blob') return 'bytes';
  return dataType;
}

test('both dialects have the same tables, columns, keys and indexes', () => {
  const ofSqlite = Object.entries(sqlite).map(([name, table]) => [
    name,
    describeTable(table, sqliteConfig(table as SQLiteTable)),
  ]);
  const ofPostgres = Object.entries(postgres).map(([name, table]) => [
    name,
    describeTable(table, postgresConfig(table as PgTable)),
  ]);
  expect(Object.values(sqlite).every((table) => is(table, Table))).toBe(true);
  expect(ofSqlite).toHaveLength(16);
  expect(ofSqlite).toEqual(ofPostgres);
});

test('the migrations make exactly these tables', async () => {
  const wanted = (tables: object) =>
    Object.values(tables)
      .flatMap((table: Table) =>
        Object.values(getTableColumns(table)).map(
          (column) => `${getTableName(table)}.${column.name}${column.notNull ? ' not null' : ''}`,
        ),
      )
      .sort();
  const lite = await openSql('sqlite://', { migrations: 'records', logger: silentLogger });
  const database = await testDatabase();
  const server = await openSql(database.url, { migrations: 'records', logger: silentLogger });
  if (lite.dialect !== 'sqlite' || server.dialect !== 'postgres')
    throw new Error('The dialects are mixed up');
  const liteColumns = lite.database
    .prepare(
      `select t.name || '.' || c.name || case when c."notnull" then ' not null' else '' end as text
       from sqlite_schema t, pragma_table_info(t.name) c
       where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like 'tilegraph_migrations%'`,
    )
    .pluck()
    .all() as string[];
  const { rows } = await server.query<{ text: string }>({
    text: `select table_name || '.' || column_name || case is_nullable when 'NO' then ' not null' else '' end as text
           from information_schema.columns
           where table_schema = 'public' and table_name not like 'tilegraph_migrations%'`,
  });
  await lite.close();
  await server.close();
  await database.drop();
  expect(liteColumns.sort()).toEqual(wanted(sqlite));
  expect(rows.map((row) => row.text).sort()).toEqual(wanted(postgres));
});

test('both dialects give the same TypeScript types', () => {
  type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
  type Row<T> = T extends { $inferSelect: infer R } ? Omit<R, 'secret'> : never;
  const same: { [K in keyof typeof sqlite]: Same<Row<(typeof sqlite)[K]>, Row<(typeof postgres)[K]>> } = {
    users: true,
    tokens: true,
    services: true,
    storedProcesses: true,
    registeredProcesses: true,
    logs: true,
    signingKeys: true,
    uploads: true,
    settings: true,
    jobs: true,
    projects: true,
    projectVersions: true,
    projectAssets: true,
    webhookReceivers: true,
    webhookDeliveries: true,
    recordChanges: true,
  };
  expect(Object.values(same).every(Boolean)).toBe(true);
});

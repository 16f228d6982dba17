import { type Column, getTableColumns, is, Param, Placeholder, type SQL, sql, type Table } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import { OpenEOError } from '../../base/errors';
import type { PgQuery, PgResult, Sql, SqliteSql } from './types';

/** A row as the driver returns it, by column name. */
export type Row = Record<string, unknown>;

/** A statement in the words of one dialect, compiled once. */
export interface Prepared {
  readonly name: string | undefined;
  readonly text: string;
  readonly params: readonly unknown[];
}

/** Values by the names that `bind` gave them. */
export type Values = object;

export interface Outcome {
  readonly rows: readonly Row[];
  /** Rows changed, or returned where the statement returns rows. */
  readonly changes: number;
}

export type Step = readonly [statement: Prepared, values?: Values];

/** A parameter that is encoded as the column is. */
export function bind(column: Column, name: string): SQL {
  return sql`${sql.param(sql.placeholder(name), column)}`;
}

function columnName(column: Column): SQL {
  return sql`${sql.identifier(column.name)}`;
}

/** The columns by name: `select *` would break prepared statements when a newer version adds a column. */
export function columnList(table: Table): SQL {
  return sql.join(Object.values(getTableColumns(table)).map(columnName), sql`, `);
}

/**
 * `insert into table (…) values (…)` of all columns; parameters have the properties' names. With a condition the row
 * is inserted where it holds.
 */
export function insertInto(table: Table, condition?: SQL): SQL {
  const columns = Object.entries(getTableColumns(table));
  const values = sql.join(
    columns.map(([property, column]) => bind(column, property)),
    sql`, `,
  );
  const source = condition ? sql`select ${values} where ${condition}` : sql`values (${values})`;
  return sql`insert into ${table} (${columnList(table)}) ${source}`;
}

/** `on conflict (keys) do update` of all other columns. */
export function orReplace(table: Table, keys: readonly Column[]): SQL {
  const others = Object.values(getTableColumns(table)).filter((column) => !keys.includes(column));
  const assignments = others.map((column) => sql`${columnName(column)} = excluded.${columnName(column)}`);
  return sql`on conflict (${sql.join(keys.map(columnName), sql`, `)}) do update set ${sql.join(assignments, sql`, `)}`;
}

/** `column = parameter`, for `update … set`. */
export function assign(column: Column, name: string): SQL {
  return sql`${columnName(column)} = ${bind(column, name)}`;
}

/** Turns rows of a table into records: by property, decoded, without what is null. */
export function rowReader<T>(table: Table): (row: Row) => T {
  const columns = Object.entries(getTableColumns(table));
  return (row) => {
    const record: Record<string, unknown> = {};
    for (const [property, column] of columns) {
      const value = row[column.name];
      if (value !== null && value !== undefined) record[property] = column.mapFromDriverValue(value);
    }
    return record as T;
  };
}

/** As the driver takes it. @throws OpenEOError `RequestInvalid` for U+0000, which PostgreSQL cannot store */
export function encode(value: unknown, column: Column | undefined): unknown {
  if (typeof value === 'string' && value.includes('\0'))
    throw new OpenEOError('RequestInvalid', { reason: 'Text cannot contain the character U+0000.' });
  if (value === undefined || value === null) return null;
  return column ? column.mapToDriverValue(value) : value;
}

function fill(params: readonly unknown[], values: Values): unknown[] {
  const given = new Map<string, unknown>(Object.entries(values));
  return params.map((param) => {
    if (is(param, Param) && is(param.value, Placeholder))
      return encode(given.get(param.value.name), param.encoder as Column);
    if (is(param, Placeholder)) return encode(given.get(param.name), undefined);
    return param;
  });
}

function onSqlite(database: SqliteSql, { text, params }: Prepared, values: Values): Outcome {
  const statement = database.prepare(text);
  const bound = fill(params, values);
  if (!statement.reader) return { rows: [], changes: statement.run(...bound).changes };
  const rows = statement.all(...bound);
  return { rows, changes: rows.length };
}

function queryOf({ name, text, params }: Prepared, values: Values): PgQuery {
  return { name, text, values: fill(params, values) };
}

const toOutcome = ({ rows, rowCount }: PgResult<Row>): Outcome => ({ rows, changes: rowCount });

/**
 * Statements written once for both dialects, with drizzle's tables for names and encodings.
 * Several of them make one transaction as a batch: that way nothing is awaited inside a transaction on SQLite.
 */
export class Statements {
  readonly #dialect: PgDialect | SQLiteSyncDialect;

  constructor(readonly sql: Sql) {
    this.#dialect = sql.dialect === 'postgres' ? new PgDialect() : new SQLiteSyncDialect();
  }

  /** @param name makes PostgreSQL plan it once per connection; leave it out where texts vary. */
  prepare(query: SQL, name?: string): Prepared {
    const { sql: text, params } = this.#dialect.sqlToQuery(query);
    return { name, text, params };
  }

  async run(prepared: Prepared, values: Values = {}): Promise<Outcome> {
    const { sql } = this;
    return sql.dialect === 'postgres'
      ? toOutcome(await sql.query(queryOf(prepared, values)))
      : sql.run(() => onSqlite(sql, prepared, values));
  }

  /** All steps or none. */
  async batch(steps: readonly Step[]): Promise<Outcome[]> {
    const { sql } = this;
    if (sql.dialect === 'sqlite')
      return sql.transaction(() => steps.map(([prepared, values = {}]) => onSqlite(sql, prepared, values)));
    const results = await sql.batch(steps.map(([prepared, values = {}]) => queryOf(prepared, values)));
    return results.map(toOutcome);
  }
}

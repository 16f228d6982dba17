import { type Column, getTableColumns, type SQL, sql, type Table } from 'drizzle-orm';
import { encode } from './statements';

/** Columns by property. */
export type Columns = Readonly<Record<string, Column>>;

/** Some columns of a table, by their properties. */
export function pickColumns(table: Table, properties: readonly string[]): Columns {
  return Object.fromEntries(
    Object.entries(getTableColumns(table)).filter(([name]) => properties.includes(name)),
  );
}

/** All columns of a table but some. */
export function columnsBut(table: Table, omit: readonly string[]): Columns {
  return Object.fromEntries(Object.entries(getTableColumns(table)).filter(([name]) => !omit.includes(name)));
}

/**
 * Any number of rows as one parameter, the value of `rows`: what the database unpacks with {@link RowsGiven}.
 * @param records by property. Columns of bytes cannot be given so.
 */
export function toRows(columns: Columns, records: readonly object[]): string {
  const named = Object.entries(columns);
  return JSON.stringify(
    records.map((record) => {
      const given = new Map<string, unknown>(Object.entries(record));
      return Object.fromEntries(
        named.map(([property, column]) => [column.name, plainValue(given.get(property), column)]),
      );
    }),
  );
}

/** Half a surrogate pair is text to JavaScript and JSON, but not to PostgreSQL. */
function plainValue(value: unknown, column: Column): unknown {
  const encoded = encode(value, column);
  return typeof encoded === 'string' ? encoded.toWellFormed() : encoded;
}

/** A table `given` with some columns of a table, made of the parameter `rows`; in the order of the rows. */
export type RowsGiven = (columns: Columns) => SQL;

const rows = sql.placeholder('rows');

export const sqliteRows: RowsGiven = (columns) => {
  const selected = Object.values(columns).map(
    ({ name }) => sql`value ->> ${sql.raw(`'${name}'`)} as ${sql.identifier(name)}`,
  );
  return sql`(select ${sql.join(selected, sql`, `)} from json_each(${rows})) as given`;
};

export const postgresRows: RowsGiven = (columns) => {
  const typed = Object.values(columns).map(
    (column) => sql`${sql.identifier(column.name)} ${sql.raw(column.getSQLType())}`,
  );
  return sql`json_to_recordset(${rows}::json) as given(${sql.join(typed, sql`, `)})`;
};

import { customType as postgresType } from 'drizzle-orm/pg-core';
import { customType as sqliteType } from 'drizzle-orm/sqlite-core';

// JSON is kept as text in both dialects: it comes back exactly as it was sent, order of keys included,
// and may hold what PostgreSQL's own JSON types refuse (an escaped U+0000).
const json = {
  toDriver: (value: unknown) => JSON.stringify(value),
  fromDriver: (text: string) => JSON.parse(text) as unknown,
};

/** A PostgreSQL column of JSON text. */
export const postgresJson = postgresType<{ data: unknown; driverData: string }>({
  dataType: () => 'text',
  ...json,
});

/** A SQLite column of JSON text. */
export const sqliteJson = sqliteType<{ data: unknown; driverData: string }>({
  dataType: () => 'text',
  ...json,
});

/** A PostgreSQL text column that compares and sorts by bytes, as SQLite does, whatever the database's locale. */
export const postgresKey = postgresType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

/** A PostgreSQL column of bytes. */
export const postgresBytes = postgresType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value),
});

import type { Client } from 'pg';
import { UnusableDatabaseError } from '../../../sql/migrations';
import {
  type ColumnFacts,
  firstColumns,
  flightColumns,
  optionalColumns,
  readColumns,
  sourceColumns,
} from './columns';

/**
 * The last migration that a table has seen, by the numbers of the systems that it comes from: 12 has one row per
 * place and random ids, 13 several sources, 14 several flights, 15 the index for serving.
 */
export type EarlierVersion = 12 | 13 | 14 | 15;

function has(columns: ColumnFacts, names: readonly string[]): boolean {
  return names.every((name) => columns.has(name));
}

/**
 * Recognises a table `tiles` by its columns and indexes.
 * @returns undefined where there is no such table
 * @throws UnusableDatabaseError for a table of any other kind
 */
export async function recogniseVersion(client: Client): Promise<EarlierVersion | undefined> {
  const columns = await readColumns(client);
  if (columns.size === 0) return undefined;
  const missing = firstColumns.filter((name) => !columns.has(name));
  if (missing.length > 0) refuse(`it has no ${missing.join(', ')}`);
  const known = new Set([...firstColumns, ...sourceColumns, ...flightColumns, ...optionalColumns]);
  const demanded = [...columns].filter(
    ([name, { isRequired, hasDefault }]) => !known.has(name) && isRequired && !hasDefault,
  );
  if (demanded.length > 0)
    refuse(`it demands values for ${demanded.map(([name]) => name).join(', ')}, which are not known here`);
  if (!has(columns, sourceColumns)) {
    const later = [...sourceColumns, ...flightColumns].filter((name) => columns.has(name));
    if (later.length > 0) refuse(`it has ${later.join(', ')} without ${sourceColumns.join(' and ')}`);
    return 12;
  }
  if (!columns.has('flight_id')) {
    const later = flightColumns.filter((name) => columns.has(name));
    if (later.length > 0) refuse(`it has ${later.join(', ')} without flight_id`);
    return 13;
  }
  if (!has(columns, flightColumns)) return 13;
  const { rows } = await client.query(
    `select 1 from pg_index where indrelid = to_regclass('tiles') and indexrelid = to_regclass('tiles_leaflet_path')`,
  );
  return rows.length > 0 ? 15 : 14;
}

function refuse(reason: string): never {
  throw new UnusableDatabaseError(
    `The table "tiles" is of an unknown version: ${reason}. Nothing was changed.`,
  );
}

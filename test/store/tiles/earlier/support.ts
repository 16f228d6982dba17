import type { Client } from 'pg';
import { readMigrations } from '../../../../src/store/sql/migrations';
import { withMigrationLock } from '../../../../src/store/sql/postgres-migrate';
import { namingFunction } from '../../../../src/store/tiles/postgres/earlier/migrate';
import { randomTiles } from '../../../tiles/support/cells';
import {
  type EarlierDatabase,
  type EarlierRow,
  type EarlierState,
  earlierDatabase,
} from '../../../tiles/support/earlier-databases';

export const flightA = '00000000-0000-4000-8000-00000000000a';
export const flightB = '00000000-0000-4000-8000-00000000000b';
export const naming = namingFunction(
  readMigrations('postgres', 'tiles').steps.find(({ sql }) => sql.join().includes('tile_uuid')) as never,
);

/** Makes databases that are dropped after each test. */
export function earlierDatabases() {
  const opened: EarlierDatabase[] = [];
  afterEach(async () => {
    for (const made of opened.splice(0)) await made.drop();
  });
  return async (state: EarlierState, rows: readonly EarlierRow[] = []): Promise<EarlierDatabase> => {
    const made = await earlierDatabase(state, rows);
    opened.push(made);
    return made;
  };
}

/** Rows of 60 distinct cells of all zooms. */
export const cells = randomTiles(400, 3).filter(
  ({ z }, index, all) => z > 3 && all.findIndex((other) => other.z === z) === index,
);
export const plainRows: readonly EarlierRow[] = cells.map((cell, index) => ({
  ...cell,
  path: `old/${index}.jpg`,
  created: `2023-01-${String(1 + (index % 28)).padStart(2, '0')} 10:00:00.654321`,
}));

interface Row {
  readonly id: string;
  readonly legacy_id: string | null;
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly source: string;
  readonly flight_id: string | null;
  readonly hash: string;
  readonly meters: number;
  readonly path: string;
  readonly captured: string;
}

export const rowsOf = ({ query }: EarlierDatabase) =>
  query<Row>(`select id, legacy_id, tile_zoom as z, tile_x as x, tile_y as y, source, flight_id, location_hash as hash,
    tile_size_meters as meters, file_path as path,
    to_char(captured_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as captured from tiles order by file_path`);

/** Applies one migration by itself, in a transaction. */
export const alone = <T>({ url }: EarlierDatabase, work: (client: Client) => Promise<T>) =>
  withMigrationLock(url, work);

import type { Client } from 'pg';
import { nilUuid } from '../../../../tiles/identity';
import type { ColumnFacts } from './columns';

/** A row that gives way to a newer one of the same cell, source and flight. */
export interface Collision {
  readonly id: string;
  readonly filePath: string;
  /** The row that stays, by the id that it has before the migration. */
  readonly keptId: string;
}

/** What the columns of later states are worth in a table that may not have them yet. */
export function laterColumns(columns: ColumnFacts): Record<'source' | 'capturedAt' | 'flightId', string> {
  return {
    source: columns.has('source') ? "coalesce(t.source, 'google_maps')" : "'google_maps'",
    capturedAt: columns.has('captured_at') ? 'coalesce(t.captured_at, t.created_at)' : 't.created_at',
    flightId: columns.has('flight_id') ? 't.flight_id' : 'null::uuid',
  };
}

/** The size of a cell follows from the cell, so it does not tell rows apart. */
export async function findCollisions(client: Client, columns: ColumnFacts): Promise<readonly Collision[]> {
  const { source, capturedAt, flightId } = laterColumns(columns);
  const { rows } = await client.query<{ id: string; file_path: string; kept_id: string }>(
    `select id, file_path, kept_id from (
       select t.id, t.file_path, row_number() over newest as place, first_value(t.id) over newest as kept_id
       from tiles t window newest as (
         partition by t.tile_zoom, t.tile_x, t.tile_y, ${source}, coalesce(${flightId}, '${nilUuid}'::uuid)
         order by ${capturedAt} desc, t.updated_at desc, t.id desc)) ranked
     where place > 1 order by id`,
  );
  return rows.map((row) => ({ id: row.id, filePath: row.file_path, keptId: row.kept_id }));
}

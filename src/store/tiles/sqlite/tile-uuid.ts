import type { Database } from 'better-sqlite3';
import { tileUuid } from '../../../tiles/identity';

/** Gives a connection the function `tile_uuid(name)`, as PostgreSQL's migration makes one of that name. */
export function registerTileUuid(database: Database): void {
  database.function('tile_uuid', { deterministic: true }, (name) =>
    name === null ? null : tileUuid(String(name)),
  );
}

import { sql } from 'drizzle-orm';
import { blob, check, index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * Tiles on a client's disk: the columns of the catalogue, and what only a client knows. UUIDs are text, instants
 * microseconds since 1970.
 */
export const cachedTiles = sqliteTable(
  'tiles',
  {
    id: text('id').primaryKey().notNull(),
    tileZoom: integer('tile_zoom').notNull(),
    tileX: integer('tile_x').notNull(),
    tileY: integer('tile_y').notNull(),
    latitude: real('latitude').notNull(),
    longitude: real('longitude').notNull(),
    tileSizeMeters: real('tile_size_meters').notNull(),
    tileSizePixels: integer('tile_size_pixels').notNull(),
    imageType: text('image_type').notNull(),
    /** Relative to the cache's folder. */
    filePath: text('file_path').notNull().unique('tiles_one_row_per_file'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** Those of the catalogue, and `onboard_ingest` for what this client has taken up itself. */
    source: text('source').notNull(),
    capturedAt: integer('captured_at').notNull(),
    flightId: text('flight_id'),
    locationHash: text('location_hash').notNull(),
    contentSha256: blob('content_sha256', { mode: 'buffer' }).notNull(),
    byteCount: integer('byte_count').notNull(),
    sectorClass: text('sector_class').notNull(),
    lastAccessedAt: integer('last_accessed_at').notNull(),
    /** Of a later layer: `pending`, `trusted`, …; null for tiles that nobody votes on. */
    votingStatus: text('voting_status'),
    /** What the server named these bytes. */
    etag: text('etag'),
    /** 1 for a tile that is older than its sector class allows, and was kept all the same. */
    isDowngraded: integer('is_downgraded').notNull().default(0),
  },
  (table) => [
    index('tiles_sector_captured').on(table.sectorClass, table.capturedAt),
    index('tiles_last_accessed').on(table.lastAccessedAt),
    index('tiles_cell').on(table.tileZoom, table.tileX, table.tileY),
  ],
);

/** One row: how much there is (kept by triggers), and how much there may be. */
export const cacheState = sqliteTable(
  'cache_state',
  {
    id: integer('id').primaryKey(),
    totalBytes: integer('total_bytes').notNull(),
    tileCount: integer('tile_count').notNull(),
    /** Null: as much as the disk takes. */
    budgetBytes: integer('budget_bytes'),
  },
  (table) => [check('cache_state_one_row', sql`${table.id} = 1`)],
);

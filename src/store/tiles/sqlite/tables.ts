import { sql } from 'drizzle-orm';
import {
  blob,
  check,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';

/** Milliseconds since 1970. */
const instant = (name: string) => integer(name, { mode: 'timestamp_ms' });

/** A row for each tile that somebody holds; a released tile has none. */
export const tileAssignments = sqliteTable(
  'tile_assignments',
  {
    serviceId: text('service_id').notNull(),
    z: integer('z').notNull(),
    x: integer('x').notNull(),
    y: integer('y').notNull(),
    userId: text('user_id').notNull(),
    stage: text('stage').notNull(),
    /** JSON text. */
    data: text('data'),
    claimedAt: instant('claimed_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'tile_assignments_one_owner',
      columns: [table.serviceId, table.z, table.x, table.y],
    }),
    unique('tile_assignments_one_tile').on(table.serviceId, table.userId),
    check('tile_assignments_stage', sql`${table.stage} in ('claimed', 'submitted')`),
  ],
);

/** What is full (../../../tiles/blocks.ts). The migration makes this and the first table WITHOUT ROWID. */
export const tileBlocks = sqliteTable(
  'tile_blocks',
  {
    serviceId: text('service_id').notNull(),
    z: integer('z').notNull(),
    level: integer('level').notNull(),
    x: integer('x').notNull(),
    y: integer('y').notNull(),
    mask: integer('mask').notNull(),
  },
  (table) => [primaryKey({ columns: [table.serviceId, table.z, table.level, table.x, table.y] })],
);

/**
 * Every transition there ever was, in order of `id`. Triggers in the migration refuse changes, so ids grow
 * without AUTOINCREMENT, which would cost a second write.
 */
export const tileHistory = sqliteTable(
  'tile_history',
  {
    serviceId: text('service_id').notNull(),
    id: integer('id').primaryKey(),
    z: integer('z').notNull(),
    x: integer('x').notNull(),
    y: integer('y').notNull(),
    userId: text('user_id').notNull(),
    actorId: text('actor_id').notNull(),
    fromStage: text('from_stage').notNull(),
    toStage: text('to_stage').notNull(),
    at: instant('at').notNull(),
  },
  // The rowid, which is `id`, ends every entry.
  (table) => [index('tile_history_service').on(table.serviceId)],
);

/** Now in microseconds, as exactly as SQLite knows it. */
const now = sql`(CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000)`;

/** Imagery tiles, in the columns that other systems know. UUIDs are text, instants microseconds since 1970. */
export const tiles = sqliteTable(
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
    filePath: text('file_path').notNull(),
    createdAt: integer('created_at').notNull().default(now),
    updatedAt: integer('updated_at').notNull().default(now),
    // No CHECK: readers must find out by themselves, as rows come from other writers too.
    source: text('source').notNull(),
    capturedAt: integer('captured_at').notNull(),
    flightId: text('flight_id'),
    locationHash: text('location_hash').notNull(),
    contentSha256: blob('content_sha256', { mode: 'buffer' }),
    byteCount: integer('byte_count'),
    legacyId: text('legacy_id'),
    /** Left over from earlier systems: never read, never written. */
    mapsVersion: text('maps_version'),
    version: text('version'),
    flightKey: text('flight_key').generatedAlwaysAs(
      sql`coalesce(flight_id, '00000000-0000-0000-0000-000000000000')`,
      { mode: 'virtual' },
    ),
  },
  (table) => [
    uniqueIndex('idx_tiles_unique_identity').on(
      table.tileZoom,
      table.tileX,
      table.tileY,
      table.tileSizeMeters,
      table.source,
      table.flightKey,
    ),
    index('tiles_leaflet_path').on(
      table.locationHash,
      sql`captured_at desc`,
      sql`updated_at desc`,
      sql`id desc`,
      table.filePath,
      table.source,
    ),
    index('idx_tiles_flight_captured').on(table.flightId, table.capturedAt),
    index('idx_tiles_captured').on(table.capturedAt, table.id),
  ],
);

/**
 * What there is at each zoom, kept up by triggers of the migration, so that nobody has to look through all tiles.
 * Extents only grow: they cover all tiles that there ever were.
 */
export const tileExtents = sqliteTable('tile_extents', {
  tileZoom: integer('tile_zoom').primaryKey(),
  /** Grows with every change, in the transaction that makes it. */
  changes: integer('changes').notNull(),
  rowCount: integer('row_count').notNull(),
  minX: integer('min_x').notNull(),
  maxX: integer('max_x').notNull(),
  minY: integer('min_y').notNull(),
  maxY: integer('max_y').notNull(),
  minCaptured: integer('min_captured').notNull(),
  maxCaptured: integer('max_captured').notNull(),
  maxPixels: integer('max_pixels').notNull(),
});

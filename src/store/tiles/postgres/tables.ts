import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { postgresBytes, postgresKey } from '../../sql/columns';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** A row for each tile that somebody holds; a released tile has none. */
export const tileAssignments = pgTable(
  'tile_assignments',
  {
    serviceId: postgresKey('service_id').notNull(),
    z: smallint('z').notNull(),
    x: integer('x').notNull(),
    y: integer('y').notNull(),
    userId: postgresKey('user_id').notNull(),
    stage: text('stage').notNull(),
    /** JSON text: exactly what was sent comes back, which jsonb does not promise. */
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

/** What is full (../../../tiles/blocks.ts). The migration leaves room in its pages, as rows are updated in place. */
export const tileBlocks = pgTable(
  'tile_blocks',
  {
    serviceId: postgresKey('service_id').notNull(),
    z: smallint('z').notNull(),
    level: smallint('level').notNull(),
    x: integer('x').notNull(),
    y: integer('y').notNull(),
    mask: bigint('mask', { mode: 'bigint' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.serviceId, table.z, table.level, table.x, table.y] })],
);

/** Every transition there ever was, in order of `id` per service. Triggers in the migration refuse changes. */
export const tileHistory = pgTable(
  'tile_history',
  {
    serviceId: postgresKey('service_id').notNull(),
    id: bigint('id', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    z: smallint('z').notNull(),
    x: integer('x').notNull(),
    y: integer('y').notNull(),
    userId: postgresKey('user_id').notNull(),
    actorId: text('actor_id').notNull(),
    fromStage: text('from_stage').notNull(),
    toStage: text('to_stage').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.serviceId, table.id] })],
);

/** With microseconds, which are part of what tells two rows of a cell apart. */
const exactInstant = (name: string) => timestamp(name, { withTimezone: true, precision: 6 });

/**
 * Imagery tiles, in the columns that other systems know. The migration adds what drizzle cannot say: the index
 * `tiles_leaflet_path` with its INCLUDE, and `tile_uuid`, which names tiles as ../../../tiles/identity.ts does.
 */
export const tiles = pgTable(
  'tiles',
  {
    id: uuid('id').primaryKey(),
    tileZoom: integer('tile_zoom').notNull(),
    tileX: integer('tile_x').notNull(),
    tileY: integer('tile_y').notNull(),
    latitude: doublePrecision('latitude').notNull(),
    longitude: doublePrecision('longitude').notNull(),
    tileSizeMeters: doublePrecision('tile_size_meters').notNull(),
    tileSizePixels: integer('tile_size_pixels').notNull(),
    imageType: varchar('image_type', { length: 10 }).notNull(),
    filePath: varchar('file_path', { length: 500 }).notNull(),
    createdAt: exactInstant('created_at').notNull().defaultNow(),
    updatedAt: exactInstant('updated_at').notNull().defaultNow(),
    // No CHECK: readers must find out by themselves, as rows come from other writers too.
    source: varchar('source', { length: 32 }).notNull(),
    capturedAt: exactInstant('captured_at').notNull(),
    flightId: uuid('flight_id'),
    locationHash: uuid('location_hash').notNull(),
    contentSha256: postgresBytes('content_sha256'),
    byteCount: bigint('byte_count', { mode: 'number' }),
    legacyId: uuid('legacy_id'),
    /** Left over from earlier systems: never read, never written. */
    mapsVersion: text('maps_version'),
    version: text('version'),
  },
  (table) => [
    uniqueIndex('idx_tiles_unique_identity').on(
      table.tileZoom,
      table.tileX,
      table.tileY,
      table.tileSizeMeters,
      table.source,
      sql`coalesce(${table.flightId}, '00000000-0000-0000-0000-000000000000'::uuid)`,
    ),
    index('idx_tiles_flight_captured').on(table.flightId, table.capturedAt),
    index('idx_tiles_captured').on(table.capturedAt, table.id),
  ],
);

/**
 * What there is at each zoom, kept up by triggers of the migration, so that nobody has to look through all tiles.
 * A writer adds to the row of its connection's slot, so that writers seldom wait for each other; readers sum them up.
 * Extents only grow: they cover all tiles that there ever were.
 */
export const tileExtents = pgTable(
  'tile_extents',
  {
    slot: smallint('slot').notNull(),
    tileZoom: integer('tile_zoom').notNull(),
    /** Grows with every change, in the transaction that makes it. */
    changes: bigint('changes', { mode: 'number' }).notNull(),
    rowCount: bigint('row_count', { mode: 'number' }).notNull(),
    minX: integer('min_x').notNull(),
    maxX: integer('max_x').notNull(),
    minY: integer('min_y').notNull(),
    maxY: integer('max_y').notNull(),
    minCaptured: exactInstant('min_captured').notNull(),
    maxCaptured: exactInstant('max_captured').notNull(),
    maxPixels: integer('max_pixels').notNull(),
  },
  (table) => [primaryKey({ columns: [table.slot, table.tileZoom] })],
);

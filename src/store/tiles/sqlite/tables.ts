import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';

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

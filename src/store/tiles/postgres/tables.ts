import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { postgresKey } from '../../sql/columns';

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

import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { postgresBytes as bytes, postgresJson as json, postgresKey as key } from '../../sql/columns';

// Column for column the tables of ../sqlite/tables.ts; a test compares them.
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const users = pgTable('users', {
  id: key('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email'),
  roles: json('roles').notNull(),
  passwordHash: text('password_hash'),
  createdAt: time('created_at').notNull(),
});

export const tokens = pgTable(
  'tokens',
  {
    digest: key('digest').primaryKey(),
    userId: key('user_id').notNull(),
    expiresAt: time('expires_at').notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [index('tokens_of_user').on(table.userId), index('tokens_by_expiry').on(table.expiresAt)],
);

export const services = pgTable(
  'services',
  {
    id: key('id').primaryKey(),
    ownerId: key('owner_id').notNull(),
    type: text('type').notNull(),
    title: text('title'),
    description: text('description'),
    process: json('process').notNull(),
    configuration: json('configuration').notNull(),
    enabled: boolean('enabled').notNull(),
    logLevel: text('log_level').notNull(),
    plan: text('plan'),
    budget: doublePrecision('budget'),
    revision: integer('revision').notNull(),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    index('services_by_age').on(table.createdAt, table.id),
    index('services_of_owner').on(table.ownerId, table.createdAt, table.id),
  ],
);

export const storedProcesses = pgTable(
  'stored_processes',
  {
    ownerId: key('owner_id').notNull(),
    id: key('id').notNull(),
    process: json('process').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.ownerId, table.id] })],
);

export const registeredProcesses = pgTable('registered_processes', {
  id: key('id').primaryKey(),
  process: json('process').notNull(),
  registeredBy: text('registered_by').notNull(),
  updatedAt: time('updated_at').notNull(),
});

export const logs = pgTable(
  'logs',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    subject: key('subject').notNull(),
    severity: smallint('severity').notNull(),
    message: text('message').notNull(),
    code: text('code'),
    data: json('data'),
    path: json('path'),
    time: time('time').notNull(),
  },
  (table) => [index('logs_of_subject').on(table.subject, table.id)],
);

export const signingKeys = pgTable(
  'signing_keys',
  {
    id: key('id').primaryKey(),
    subject: key('subject').notNull(),
    secret: bytes('secret').notNull(),
    createdAt: time('created_at').notNull(),
    revokedAt: time('revoked_at'),
  },
  (table) => [index('signing_keys_of_subject').on(table.subject)],
);

/** Uploads of users' files that are under way, and the room that they ask for or have. */
export const uploads = pgTable(
  'uploads',
  {
    id: key('id').primaryKey(),
    userId: key('user_id').notNull(),
    path: key('path').notNull(),
    turn: bigint('turn', { mode: 'number' }).notNull(),
    wanted: bigint('wanted', { mode: 'number' }).notNull(),
    granted: bigint('granted', { mode: 'number' }).notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [index('uploads_of_user').on(table.userId, table.turn)],
);

export const settings = pgTable('settings', {
  name: key('name').primaryKey(),
  value: text('value').notNull(),
});

/** Long work, and the line in which it waits: engines lease rows of it. */
export const jobs = pgTable(
  'jobs',
  {
    id: key('id').primaryKey(),
    ownerId: key('owner_id').notNull(),
    type: key('type').notNull(),
    title: text('title'),
    description: text('description'),
    process: json('process').notNull(),
    payload: json('payload').notNull(),
    status: key('status').notNull(),
    progress: doublePrecision('progress').notNull(),
    message: text('message').notNull(),
    result: json('result'),
    error: json('error'),
    logLevel: text('log_level').notNull(),
    plan: text('plan'),
    budget: doublePrecision('budget'),
    costs: doublePrecision('costs'),
    priority: integer('priority').notNull(),
    run: integer('run').notNull(),
    attempts: integer('attempts').notNull(),
    losses: integer('losses').notNull(),
    leaseOwner: key('lease_owner'),
    leaseUntil: time('lease_until'),
    idempotencyKey: key('idempotency_key'),
    projectId: key('project_id'),
    versionId: key('version_id'),
    createdAt: time('created_at').notNull(),
    queuedAt: time('queued_at'),
    nextAt: time('next_at'),
    startedAt: time('started_at'),
    completedAt: time('completed_at'),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    index('jobs_by_age').on(table.createdAt, table.id),
    index('jobs_of_owner').on(table.ownerId, table.createdAt, table.id),
    index('jobs_of_project').on(table.projectId, table.createdAt, table.id),
    index('jobs_in_line').on(table.status, table.ownerId, table.type),
    uniqueIndex('jobs_by_idempotency_key').on(table.ownerId, table.idempotencyKey),
  ],
);

/** Map projects; `activeJobId` is the last generation that was started. */
export const projects = pgTable(
  'projects',
  {
    id: key('id').primaryKey(),
    slug: key('slug').notNull(),
    title: text('title'),
    ownerId: key('owner_id').notNull(),
    activeJobId: key('active_job_id'),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('projects_by_slug').on(table.slug),
    index('projects_of_owner').on(table.ownerId, table.slug),
  ],
);

/** Versions of projects. `staged` is a complete set of tiles, `published` the one that readers see. */
export const projectVersions = pgTable(
  'project_versions',
  {
    id: key('id').primaryKey(),
    projectId: key('project_id').notNull(),
    version: integer('version').notNull(),
    status: text('status').notNull(),
    staged: json('staged'),
    published: json('published'),
    createdAt: time('created_at').notNull(),
    publishedAt: time('published_at'),
  },
  (table) => [uniqueIndex('project_versions_by_number').on(table.projectId, table.version)],
);

/** Files of drafts. */
export const projectAssets = pgTable(
  'project_assets',
  {
    id: key('id').primaryKey(),
    projectId: key('project_id').notNull(),
    versionId: key('version_id').notNull(),
    assetType: text('asset_type').notNull(),
    name: text('name').notNull(),
    mediaType: text('media_type'),
    key: text('key').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [index('project_assets_of_version').on(table.versionId, table.createdAt, table.id)],
);

/** Counts the changes of each topic; kept by triggers, so that a change made by hand counts as well. */
export const recordChanges = pgTable('record_changes', {
  topic: key('topic').primaryKey(),
  revision: bigint('revision', { mode: 'number' }).notNull(),
});

/** Who is told when jobs end, by the digest of the address; who is not seen for long is told no more. */
export const webhookReceivers = pgTable('webhook_receivers', {
  id: key('id').primaryKey(),
  seenAt: time('seen_at').notNull(),
});

/** What receivers have yet to be told. Triggers of `jobs` write it, in the transaction that ends the job. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: key('id').primaryKey(),
    receiverId: key('receiver_id').notNull(),
    jobId: key('job_id').notNull(),
    jobType: key('job_type').notNull(),
    ownerId: key('owner_id').notNull(),
    event: text('event').notNull(),
    status: text('status').notNull(),
    message: text('message').notNull(),
    error: json('error'),
    endedAt: time('ended_at').notNull(),
    attempts: integer('attempts').notNull(),
    nextAt: time('next_at').notNull(),
  },
  (table) => [
    index('webhook_deliveries_in_line').on(table.receiverId, table.nextAt),
    index('webhook_deliveries_by_age').on(table.endedAt),
  ],
);

import {
  blob,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import { sqliteJson as json } from '../../sql/columns';

// Column for column the tables of ../postgres/tables.ts; a test compares them.
const time = (name: string) => integer(name, { mode: 'timestamp_ms' });

export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email'),
  roles: json('roles').notNull(),
  passwordHash: text('password_hash'),
  createdAt: time('created_at').notNull(),
});

export const tokens = sqliteTable(
  'tokens',
  {
    digest: text('digest').primaryKey(),
    userId: text('user_id').notNull(),
    expiresAt: time('expires_at').notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [index('tokens_of_user').on(table.userId), index('tokens_by_expiry').on(table.expiresAt)],
);

export const services = sqliteTable(
  'services',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id').notNull(),
    type: text('type').notNull(),
    title: text('title'),
    description: text('description'),
    process: json('process').notNull(),
    configuration: json('configuration').notNull(),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    logLevel: text('log_level').notNull(),
    plan: text('plan'),
    budget: real('budget'),
    revision: integer('revision').notNull(),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    index('services_by_age').on(table.createdAt, table.id),
    index('services_of_owner').on(table.ownerId, table.createdAt, table.id),
  ],
);

export const storedProcesses = sqliteTable(
  'stored_processes',
  {
    ownerId: text('owner_id').notNull(),
    id: text('id').notNull(),
    process: json('process').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.ownerId, table.id] })],
);

export const registeredProcesses = sqliteTable('registered_processes', {
  id: text('id').primaryKey(),
  process: json('process').notNull(),
  registeredBy: text('registered_by').notNull(),
  updatedAt: time('updated_at').notNull(),
});

export const logs = sqliteTable(
  'logs',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    subject: text('subject').notNull(),
    severity: integer('severity').notNull(),
    message: text('message').notNull(),
    code: text('code'),
    data: json('data'),
    path: json('path'),
    time: time('time').notNull(),
  },
  (table) => [index('logs_of_subject').on(table.subject, table.id)],
);

export const signingKeys = sqliteTable(
  'signing_keys',
  {
    id: text('id').primaryKey(),
    subject: text('subject').notNull(),
    secret: blob('secret', { mode: 'buffer' }).notNull(),
    createdAt: time('created_at').notNull(),
    revokedAt: time('revoked_at'),
  },
  (table) => [index('signing_keys_of_subject').on(table.subject)],
);

/** Uploads of users' files that are under way, and the room that they ask for or have. */
export const uploads = sqliteTable(
  'uploads',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    path: text('path').notNull(),
    turn: integer('turn').notNull(),
    wanted: integer('wanted').notNull(),
    granted: integer('granted').notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [index('uploads_of_user').on(table.userId, table.turn)],
);

export const settings = sqliteTable('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});

/** Long work, and the line in which it waits: engines lease rows of it. */
export const jobs = sqliteTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id').notNull(),
    type: text('type').notNull(),
    title: text('title'),
    description: text('description'),
    process: json('process').notNull(),
    payload: json('payload').notNull(),
    status: text('status').notNull(),
    progress: real('progress').notNull(),
    message: text('message').notNull(),
    result: json('result'),
    error: json('error'),
    logLevel: text('log_level').notNull(),
    plan: text('plan'),
    budget: real('budget'),
    costs: real('costs'),
    priority: integer('priority').notNull(),
    run: integer('run').notNull(),
    attempts: integer('attempts').notNull(),
    losses: integer('losses').notNull(),
    leaseOwner: text('lease_owner'),
    leaseUntil: time('lease_until'),
    idempotencyKey: text('idempotency_key'),
    projectId: text('project_id'),
    versionId: text('version_id'),
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
export const projects = sqliteTable(
  'projects',
  {
    id: text('id').primaryKey(),
    slug: text('slug').notNull(),
    title: text('title'),
    ownerId: text('owner_id').notNull(),
    activeJobId: text('active_job_id'),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('projects_by_slug').on(table.slug),
    index('projects_of_owner').on(table.ownerId, table.slug),
  ],
);

/** Versions of projects. `staged` is a complete set of tiles, `published` the one that readers see. */
export const projectVersions = sqliteTable(
  'project_versions',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id').notNull(),
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
export const projectAssets = sqliteTable(
  'project_assets',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id').notNull(),
    versionId: text('version_id').notNull(),
    assetType: text('asset_type').notNull(),
    name: text('name').notNull(),
    mediaType: text('media_type'),
    key: text('key').notNull(),
    size: integer('size').notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [index('project_assets_of_version').on(table.versionId, table.createdAt, table.id)],
);

/** Counts the changes of each topic; kept by triggers, so that a change made by hand counts as well. */
export const recordChanges = sqliteTable('record_changes', {
  topic: text('topic').primaryKey(),
  revision: integer('revision').notNull(),
});

/** Who is told when jobs end, by the digest of the address; who is not seen for long is told no more. */
export const webhookReceivers = sqliteTable('webhook_receivers', {
  id: text('id').primaryKey(),
  seenAt: time('seen_at').notNull(),
});

/** What receivers have yet to be told. Triggers of `jobs` write it, in the transaction that ends the job. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    receiverId: text('receiver_id').notNull(),
    jobId: text('job_id').notNull(),
    jobType: text('job_type').notNull(),
    ownerId: text('owner_id').notNull(),
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

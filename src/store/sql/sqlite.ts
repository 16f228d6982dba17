import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SQLite, { type Database, type Statement } from 'better-sqlite3';
import { SetupError } from '../../base/errors';
import { type Migrations, pendingSteps } from './migrations';
import { codeOf, isBusy, translateSqliteError } from './sqlite-errors';
import type { SqliteSql } from './types';
import { storeUnavailable } from './unavailable';

/** How long SQLite itself may wait for a lock: it blocks the event loop meanwhile. */
const busyTimeoutMs = 10;
/** How long work is tried again before the store counts as unavailable. */
const patienceMs = 10_000;

/** Runs work until no other connection holds the lock, with random pauses so that processes do not march in step. */
async function retried<T>(work: () => T): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw translateSqliteError(error);
      await delay(Math.random() * Math.min(50, 2 << Math.min(attempt, 5)));
    }
  }
}

/** BEGIN IMMEDIATE takes the write lock at once: a lock taken half-way through could not be waited for. */
const writing = 'begin immediate';

function within<T>(begin: string, database: Database, work: (database: Database) => T): T {
  database.exec(begin);
  try {
    const result = work(database);
    database.exec('commit');
    return result;
  } catch (error) {
    if (database.inTransaction) database.exec('rollback');
    throw error;
  }
}

function migrate(database: Database, migrations: Migrations): void {
  database.exec(
    `create table if not exists ${migrations.table} (step integer primary key, hash text not null, applied_at text not null)`,
  );
  const rows = database.prepare(`select hash from ${migrations.table} order by step`).all() as {
    hash: string;
  }[];
  const insert = database.prepare(`insert into ${migrations.table} values (?, ?, ?)`);
  let step = rows.length;
  for (const pending of pendingSteps(
    migrations,
    rows.map((row) => row.hash),
  )) {
    for (const text of pending.sql) database.exec(text);
    insert.run(++step, pending.hash, new Date().toISOString());
  }
}

function openFile(file: string): Database {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true });
    // The file holds password hashes: only its owner may read it. SQLite gives its side files the same mode.
    closeSync(openSync(file, 'a', 0o600));
  }
  return new SQLite(file, { timeout: busyTimeoutMs });
}

/**
 * Opens and migrates a SQLite database; makes the file and its folder where they are missing.
 * @throws SetupError that says why the file cannot be used; UnusableDatabaseError.
 */
export async function openSqlite(file: string, migrations: Migrations): Promise<SqliteSql> {
  let database: Database;
  try {
    database = openFile(file);
  } catch (error) {
    throw new SetupError(`The SQLite file ${file} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    await retried(() => {
      // With WAL readers and the writer do not wait for each other; NORMAL keeps commits over a crash of the
      // process, and the file consistent over a crash of the machine.
      database.pragma('journal_mode = wal');
      database.pragma('synchronous = normal');
      database.pragma('foreign_keys = on');
    });
    await retried(() => within(writing, database, () => migrate(database, migrations)));
  } catch (error) {
    database.close();
    const cause = (error as Error).cause ?? error;
    if (codeOf(cause))
      throw new SetupError(`The SQLite file ${file} cannot be used: ${(cause as Error).message}`, { cause });
    throw error;
  }
  return new OpenSqlite(file, database);
}

type Prepared = Statement<unknown[], Record<string, unknown>>;

class OpenSqlite implements SqliteSql {
  readonly dialect = 'sqlite';
  readonly #statements = new Map<string, Prepared>();

  constructor(
    readonly file: string,
    readonly database: Database,
  ) {}

  prepare(text: string): Prepared {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.database.prepare<unknown[], Record<string, unknown>>(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  run<T>(work: (database: Database) => T): Promise<T> {
    return retried(() => work(this.#open()));
  }

  snapshot<T>(work: (database: Database) => T): Promise<T> {
    return retried(() => within('begin', this.#open(), work));
  }

  transaction<T>(work: (database: Database) => T): Promise<T> {
    return retried(() => within(writing, this.#open(), work));
  }

  /** Asked at every attempt: the store may be closed while work waits for a lock. */
  #open(): Database {
    if (!this.database.open) throw storeUnavailable();
    return this.database;
  }

  async ping(): Promise<void> {
    await this.run(() => this.prepare('select 1').get());
  }

  async close(): Promise<void> {
    this.#statements.clear();
    this.database.close();
  }
}

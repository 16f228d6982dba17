import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { packagePath } from '../../src/base/paths';
import { type ApiClient, adminPassword, apiClient } from './api';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server in a process of its own, as users run it: the build, started from the command line. */
export interface ServerProcess extends ApiClient {
  readonly port: number;
  readonly pid: number;
  /** What it printed for people. */
  output(): string;
  /** Its log. */
  logs(): string;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it without a word, as a crash or a lost machine would. */
  kill(): Promise<Exit>;
  /** Asks it to stop and waits. */
  stop(): Promise<Exit>;
}

export interface SpawnOptions {
  readonly command?: 'serve' | 'start';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a new folder, which is deleted when the process ends. */
  readonly dataDir?: string;
  /** Null: none is set, so that the program makes one. */
  readonly adminPassword?: string | null;
  /** Where to start; default: a folder that has nothing to do with the program. */
  readonly cwd?: string;
  /** What Node is given before the command; default: the build of this repository. */
  readonly program?: readonly string[];
  /** Default: a free one. Needed where the server does not print its own address (TILEGRAPH_PUBLIC_URL). */
  readonly port?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** The program's main file. @throws Error where the build was missing or older than the sources when the run began */
export function builtProgram(): string {
  const problem = process.env['TILEGRAPH_TEST_BUILD_PROBLEM'];
  if (problem) throw new Error(problem);
  return packagePath('dist', 'src', 'cli', 'main.js');
}

/** The environment of a person without settings of ours. */
export function plainEnvironment(): Record<string, string> {
  const isOurs = (name: string) => /^(TILEGRAPH_|TITILER_|HOST$|PORT$|NODE_|JEST_)/.test(name);
  return Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => value !== undefined && !isOurs(name)),
  ) as Record<string, string>;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

function follow(child: ChildProcess): Promise<Exit> {
  children.add(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
}

const serverLine = /Tilegraph is ready: (\S+)/;
const workerLine = /Tilegraph works: (.+)/;

/** A program of ours that runs until it is ended. */
export type RunningProgram = Pick<
  ServerProcess,
  'pid' | 'output' | 'logs' | 'exited' | 'signal' | 'kill' | 'stop'
>;

/** Starts a command and waits for its line. @throws Error with everything that it printed when it ends before */
async function launch(
  command: string,
  line: RegExp,
  options: SpawnOptions,
): Promise<{ readonly running: RunningProgram; readonly said: string }> {
  const { args = [], env = {}, program = [builtProgram()] } = options;
  const password = options.adminPassword === undefined ? adminPassword : options.adminPassword;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'tilegraph-process-'));
  const child = spawn(process.execPath, [...program, command, '--data-dir', dataDir, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: {
      ...plainEnvironment(),
      PORT: String(options.port ?? 0),
      ...(password !== null && { TILEGRAPH_ADMIN_PASSWORD: password }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    uid: options.uid,
    gid: options.gid,
  });
  let output = '';
  let logs = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    logs += chunk;
  });
  const exited = follow(child).then((exit) => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    return exit;
  });
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const ready = line.exec(output);
      if (ready) resolve(ready[1]);
    });
    exited.then(
      ({ code, signal }) => reject(new Error(`It ended with ${code ?? signal}:\n${output}${logs}`)),
      reject,
    );
  });
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  const running: RunningProgram = {
    pid: child.pid!,
    output: () => output,
    logs: () => logs,
    exited,
    signal: (signal) => void child.kill(signal),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
  return { running, said };
}

/** Starts a worker and waits until it says that it works. @throws Error when it ends before */
export async function spawnWorker(options: Omit<SpawnOptions, 'command'> = {}): Promise<RunningProgram> {
  return (await launch('worker', workerLine, options)).running;
}

/**
 * Starts a server on a free port and waits until it says that it is ready.
 * @throws Error with everything that it printed when it ends before
 */
export async function spawnServer(options: SpawnOptions = {}): Promise<ServerProcess> {
  const { running, said } = await launch(options.command ?? 'serve', serverLine, options);
  const password = options.adminPassword === undefined ? adminPassword : options.adminPassword;
  // Where a public address is configured the line names that one; tests talk to the process itself.
  const address = new URL(said.replace(/\/$/, ''));
  const port = options.port ?? Number(address.port);
  return {
    ...apiClient(`${address.protocol}//127.0.0.1:${port}`, password ?? undefined),
    ...running,
    port,
  };
}

export interface CommandResult extends Exit {
  readonly output: string;
  readonly errors: string;
}

/** Runs a command of the program to its end. */
export async function runCommand(
  args: readonly string[],
  { env = {}, input = '' }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [builtProgram(), ...args], {
    cwd: tmpdir(),
    env: { ...plainEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = follow(child);
  child.stdin.end(input);
  const [output, errors, exit] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { ...exit, output, errors };
}

/** Tries until the check passes; its last error is thrown after so many milliseconds. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(25);
    }
  }
}

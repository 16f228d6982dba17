import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, createApplication } from '../../src/app';
import { silentLogger } from '../../src/base/logger';
import { loadConfig } from '../../src/config/load';
import { createSample } from '../../src/sample/create';

export const adminPassword = 'correct horse battery';

/** The sample collection, made once per run of the tests and shared by them; nobody writes to it. */
export async function sampleCollection(): Promise<string> {
  const folder = join(tmpdir(), `tilegraph-sample-${process.ppid}`);
  const file = join(folder, 'collection.json');
  if (existsSync(file)) return file;
  return (await createSample(folder, { logger: silentLogger })).collectionFile;
}

export interface TestServer {
  readonly application: Application;
  /** Without a trailing slash. */
  readonly url: string;
  /** The API's address. */
  readonly api: string;
  /** Calls the API with JSON; `token` is a user's, by default the administrator's; null: none. */
  call(method: string, path: string, body?: unknown, token?: string | null): Promise<Response>;
  login(user: string, password: string): Promise<string>;
  /** A new user with a token. */
  user(name: string, roles?: readonly ('admin' | 'uploader')[]): Promise<string>;
  stop(): Promise<void>;
}

/** A whole server on a free port of the loopback interface, with its own data folder. */
export async function startServer(settings: Readonly<Record<string, unknown>> = {}): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-test-'));
  const defaults = {
    dataDir,
    port: 0,
    adminPassword,
    tileStoreUrl: `sqlite:///${join(dataDir, 'tiles.db')}`,
    ...settings,
  };
  const application = await createApplication(loadConfig({ defaults }), silentLogger);
  const url = `http://127.0.0.1:${await application.listen()}`;
  const api = `${url}/openeo/1.2`;

  async function login(user: string, password: string): Promise<string> {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const response = await fetch(`${api}/credentials/basic`, { headers: { authorization } });
    const { access_token } = (await response.json()) as { access_token: string };
    return `basic//${access_token}`;
  }

  let admin: string | undefined;
  return {
    application,
    url,
    api,
    login,
    async call(method, path, body, token) {
      if (token === undefined) {
        admin ??= await login('admin', adminPassword);
        token = admin;
      }
      return fetch(path.startsWith('http') ? path : `${api}${path}`, {
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    },
    async user(name, roles = []) {
      await application.auth.users.create(name, 'a long password', { roles });
      return login(name, 'a long password');
    },
    async stop() {
      await application.stop(1000);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, createApplication } from '../../src/app';
import { silentLogger } from '../../src/base/logger';
import { loadConfig } from '../../src/config/load';
import { type ApiClient, adminPassword, apiClient } from './api';

export interface TestServer extends ApiClient {
  readonly application: Application;
  /** A new user with a token. */
  user(name: string, roles?: readonly ('admin' | 'uploader')[]): Promise<string>;
  stop(): Promise<void>;
}

/** A whole server on a free port of the loopback interface, with its own data folder. */
export async function startServer(
  settings: Readonly<Record<string, unknown>> = {},
  logger = silentLogger,
): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-test-'));
  const defaults = {
    dataDir,
    port: 0,
    adminPassword,
    // Threads take their time to start; tests that are about them ask for some.
    workers: 0,
    tileStoreUrl: `sqlite:///${join(dataDir, 'tiles.db')}`,
    ...settings,
  };
  const application = await createApplication(loadConfig({ defaults }), logger);
  const protocol = application.config.tls ? 'https' : 'http';
  const client = apiClient(`${protocol}://127.0.0.1:${await application.listen()}`);
  return {
    ...client,
    application,
    async user(name, roles = []) {
      await application.auth.users.create(name, 'a long password', { roles });
      return client.login(name, 'a long password');
    },
    async stop() {
      await application.stop(1000);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

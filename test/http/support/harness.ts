import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AuthOptions } from '../../../src/auth/auth';
import { Limiter } from '../../../src/base/limiter';
import { createLogger, type Logger, silentLogger } from '../../../src/base/logger';
import { createRegistry } from '../../../src/graph/registry';
import { createGraphRunner } from '../../../src/graph/run';
import { SchemaChecks } from '../../../src/graph/schema/checks';
import { createHttpApp } from '../../../src/http/app';
import type { Backend, HttpSettings } from '../../../src/http/backend';
import { createMetrics } from '../../../src/http/metrics';
import type { Route } from '../../../src/http/route';
import { apiRoutes } from '../../../src/http/routes/api';
import { createHttpServer } from '../../../src/http/server';
import type { ProcessContext } from '../../../src/processes/context';
import { inputFormats } from '../../../src/raster/formats/input/registry';
import { outputFormats } from '../../../src/raster/formats/registry';
import type { CollectionDocument } from '../../../src/store/catalog/types';
import { openObjectStore } from '../../../src/store/objects/open';
import type { Role, User } from '../../../src/store/records/types';
import { openAuth } from '../../auth/support/auth';
import { writeProcesses } from './processes';

export interface HarnessOptions {
  readonly settings?: Partial<HttpSettings>;
  readonly auth?: Partial<AuthOptions>;
  readonly routes?: readonly Route[];
  readonly backend?: Partial<Backend>;
  readonly collections?: readonly CollectionDocument[];
  /** Collects log lines. */
  readonly log?: string[];
}

const limits = { nodes: 1000, depth: 20, pixels: 1e7, seconds: 20, bodyBytes: 1 << 20 };

/** A listening server on real stores in a folder that goes away with it. */
export async function startHarness(options: HarnessOptions = {}) {
  const logger: Logger = options.log
    ? createLogger('debug', { write: (line) => void options.log?.push(line) })
    : silentLogger;
  const folder = await mkdtemp(join(tmpdir(), 'tilegraph-http-'));
  const { specs, functions } = await writeProcesses(join(folder, 'processes'));
  const { auth, records, close: closeAuth } = await openAuth(options.auth);
  const objects = await openObjectStore(pathToFileURL(join(folder, 'objects')).href, { logger });
  const checks = new SchemaChecks();
  const registry = await createRegistry<ProcessContext>({
    specFolders: [specs],
    moduleFolder: functions,
    isWatching: false,
    ...{ checks, limits, logger, records },
  });
  const collections = options.collections ?? [];
  const settings: HttpSettings = {
    trustProxy: false,
    filesQuotaBytes: 1 << 20,
    texts: {},
    ...options.settings,
    limits: { ...limits, ...options.settings?.limits },
  };
  const backend: Backend = {
    version: '0.0.0',
    ...{ settings, logger, records, objects, registry, auth },
    administration: registry,
    udfRuntimes: {},
    catalog: {
      list: async () => collections,
      get: async (id) => collections.find((document) => document.id === id),
      items: async () => [],
      queryables: async (id) =>
        collections.some((document) => document.id === id)
          ? { $schema: 'https://json-schema.org/draft/2019-09/schema', type: 'object', properties: {} }
          : undefined,
      version: async () => '1',
    },
    runner: createGraphRunner<ProcessContext, User>({
      registry,
      checks,
      limits,
      createContext: ({ signal, logger: log, user }) =>
        ({ signal, logger: log, user, limits }) as unknown as ProcessContext,
      storedProcess: async (user, id) => (await records.storedProcesses.get(user.id, id))?.process,
    }),
    formats: outputFormats,
    inputFormats,
    heavy: new Limiter(2, 4),
    metrics: createMetrics(),
    ...options.backend,
  };
  const app = createHttpApp(backend, apiRoutes(backend, options.routes));
  const server = createHttpServer(app, { logger });
  const { port } = await server.listen('127.0.0.1', 0);
  return {
    ...{ app, backend, auth, records, objects, server, port },
    origin: `http://127.0.0.1:${port}`,
    api: `http://127.0.0.1:${port}/openeo/1.2`,
    /** Makes a user and returns the value of the header `Authorization`. */
    async login(name: string, roles: readonly Role[] = []): Promise<string> {
      await auth.users.create(name, 'correct horse', { roles });
      return `Bearer basic//${(await auth.login(name, 'correct horse', '::1')).token}`;
    },
    async stop() {
      await server.close(0);
      await registry.close();
      await closeAuth();
      await objects.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Harness = Awaited<ReturnType<typeof startHarness>>;

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type AdministratorOptions, makeAdmin } from './app/administrator';
import { type ApplicationParts, openParts } from './app/parts';
import { SetupError } from './base/errors';
import { Limiter } from './base/limiter';
import type { Logger } from './base/logger';
import { packageVersion } from './base/paths';
import type { Config } from './config/types';
import { createHttpApp } from './http/app';
import type { Backend } from './http/backend';
import { createMetrics, type Metrics } from './http/metrics';
import { pages } from './http/pages';
import { quickTiles } from './http/quick/quick-tiles';
import { apiRoutes } from './http/routes/api';
import { catalogueRoutes } from './http/routes/catalogue/routes';
import { jobEventRoutes } from './http/routes/job-events';
import { jobResultRoutes } from './http/routes/job-results';
import { jobRoutes } from './http/routes/jobs';
import { projectRoutes } from './http/routes/projects';
import { seedRoutes } from './http/routes/seed';
import { serviceTypeRoutes } from './http/routes/service-types';
import { serviceRoutes } from './http/routes/services';
import { tileRoutes } from './http/routes/tiles';
import { createHttpServer, type HttpServer } from './http/server';
import { removeAbandonedForms } from './http/uploads/receive-form';
import { inputFormats } from './raster/formats/input/registry';
import { outputFormats } from './raster/formats/registry';

/** How many synchronous results run at once, and how many wait before 429 is answered. */
const heavyRequests = { running: 4, waiting: 64 };

/** A whole server, ready to listen. */
export interface Application extends ApplicationParts {
  readonly metrics: Metrics;
  /** Resolves to the port. */
  listen(): Promise<number>;
  /** Lets running requests finish for so long, then closes everything. */
  stop(graceMs: number): Promise<void>;
}

function backendOf(parts: ApplicationParts, metrics: Metrics): Backend {
  const { config, logger, records, tileStore, objects, catalog, registry, runner, auth, udf } = parts;
  return {
    version: packageVersion,
    settings: config,
    logger,
    records,
    tileStore,
    objects,
    catalog,
    registry,
    administration: registry,
    udfRuntimes: udf.descriptions,
    runner,
    formats: outputFormats,
    inputFormats,
    auth,
    heavy: new Limiter(heavyRequests.running, heavyRequests.waiting),
    metrics,
  };
}

function readTls(tls: Config['tls']): { key: Buffer; cert: Buffer } | undefined {
  try {
    if (!tls) return undefined;
    const read = { key: readFileSync(tls.key), cert: readFileSync(tls.cert) };
    createSecureContext(read);
    return read;
  } catch (error) {
    const reason = (error as Error).message;
    throw new SetupError(`The files of tlsKey and tlsCert cannot be used: ${reason}`, { cause: error });
  }
}

/** Builds the server of a configuration. @throws as {@link openParts}; for TLS files that cannot be read */
export async function createApplication(
  config: Config,
  logger: Logger,
  options: AdministratorOptions = {},
): Promise<Application> {
  const tls = readTls(config.tls);
  const parts = await openParts(config, logger);
  const stopping = new AbortController();
  await makeAdmin(parts, options, stopping.signal);
  const metrics = createMetrics({ isProcessMeasured: true });
  const backend = backendOf(parts, metrics);
  const { imagery } = parts;
  const uploadFolder = join(config.dataDir, 'uploads');
  await removeAbandonedForms(uploadFolder);
  const catalogue =
    imagery &&
    catalogueRoutes({
      ...{ imagery, logger, metrics, isPublic: config.tiles.isPublic, uploadFolder },
      cacheBytes: config.caches.tileBytes,
    });
  const serviceParts = [
    ...serviceTypeRoutes,
    ...serviceRoutes(parts.services, parts.auth, config.texts),
    ...tileRoutes(parts.services, parts.auth),
    ...jobRoutes(parts.jobs, config.texts),
    ...jobEventRoutes(parts.jobs),
    ...jobResultRoutes({ ...parts, linkSeconds: config.jobs.linkSeconds }),
    ...seedRoutes(parts),
    ...projectRoutes({ ...parts, uploadFolder, assetBytes: config.projects.assetBytes }),
    ...(catalogue?.routes ?? []),
  ];
  const app = createHttpApp(backend, apiRoutes(backend, serviceParts), { pages: pages() });
  const trust = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  const quick =
    catalogue &&
    quickTiles({
      ...{ reader: catalogue.reader, isPublic: config.tiles.isPublic, auth: parts.auth, trust },
      records: { logger, metrics },
    });
  const server: HttpServer = createHttpServer(app, { tls, logger, quick });
  return {
    ...parts,
    metrics,
    async listen() {
      const { port } = await server.listen(config.host, config.port);
      await parts.jobs.start();
      return port;
    },
    async stop(graceMs) {
      stopping.abort();
      // Streams of events would never end by themselves.
      parts.jobs.watcher.close();
      await server.close(graceMs);
      catalogue?.close();
      await parts.close();
      metrics.close();
    },
  };
}

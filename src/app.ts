import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Auth, createAuth } from './auth/auth';
import { ensureAdmin } from './auth/users';
import { OpenEOError } from './base/errors';
import { Limiter } from './base/limiter';
import type { Logger } from './base/logger';
import { createHttpClient, type HttpClient } from './base/net';
import { packagePath, packageVersion } from './base/paths';
import type { Config } from './config/types';
import { createRemoteProcesses } from './graph/library/remote';
import { createRegistry, type Registry } from './graph/registry';
import { createGraphRunner } from './graph/run';
import type { GraphRunner } from './graph/runner';
import { SchemaChecks } from './graph/schema/checks';
import type { ReadPool } from './graph/threads/pool';
import { liveInThreads, startThreads, threadsCacheShare } from './graph/threads/start';
import { createHttpApp } from './http/app';
import type { Backend } from './http/backend';
import { UserFiles } from './http/files/user-files';
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
import type { JobParts } from './jobs/job-type';
import { createJobs, type EngineChoice, type Jobs } from './jobs/jobs';
import { Webhooks } from './jobs/webhooks';
import type { JobHandle, ProcessContext } from './processes/context';
import { createPyramids, type Pyramids } from './pyramid/pyramids';
import { inputFormats } from './raster/formats/input/registry';
import { outputFormats } from './raster/formats/registry';
import { accountReads, MemoryBudget } from './raster/memory';
import { createRasterReader } from './raster/reader';
import { shareReads } from './raster/shared-reads';
import type { RasterReader } from './raster/source';
import { mayManage } from './services/access';
import { findBaseMap, findVersion, openProject } from './services/project-assets';
import { createServices, type Services } from './services/services';
import { tileStoreHandle } from './services/tile-store-access';
import { openCatalog, openStacUrl } from './store/catalog/open';
import type { Catalog } from './store/catalog/types';
import { openObjectStore } from './store/objects/open';
import type { ObjectStore } from './store/objects/types';
import { openRecordStore } from './store/records/open';
import type { RecordStore, User } from './store/records/types';
import { parseStoreUrl } from './store/sql/url';
import { openTileStore } from './store/tiles/open';
import { withImagery } from './tiles/collection';
import { TileFiles } from './tiles/files';
import { Imagery } from './tiles/imagery';
import type { TileStore } from './tiles/types';
import { createUdfRuntimes } from './udf/runtimes';
import type { UdfRuntimes } from './udf/types';

/** How many synchronous results run at once, and how many wait before 429 is answered. */
const heavyRequests = { running: 4, waiting: 64 };
/** The same for tiles, which are small and many. */
const tiles = { running: 8, waiting: 1024 };
const adminRetryMs = 2000;
/** How often the line of jobs is looked at where no word of a change comes, and how long a full disk pauses a job. */
const jobPollMs = 1000;
const fullDiskPauseMs = 10_000;

/** Everything but the HTTP server: what commands work with. */
export interface ApplicationParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly http: HttpClient;
  readonly records: RecordStore;
  readonly tileStore?: TileStore;
  /** The catalogue in the tile store with its files in the object store. */
  readonly imagery?: Imagery;
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly raster: RasterReader;
  readonly pyramids: Pyramids;
  readonly registry: Registry<ProcessContext>;
  readonly udf: UdfRuntimes;
  readonly runner: GraphRunner<ProcessContext, User>;
  readonly auth: Auth;
  readonly services: Services;
  readonly memory: MemoryBudget;
  /** Compute pixels of results and jobs. */
  readonly threads: ReadPool;
  /** Its engine has not been started. */
  readonly jobs: Jobs;
  close(): Promise<void>;
}

/** The hosts that the operator named by naming something on them. */
function namedHosts(config: Config): string[] {
  const urls = [...config.collections, ...config.oidcProviders.map(({ issuer }) => issuer)];
  return urls.filter((url) => /^https?:/i.test(url) && URL.canParse(url)).map((url) => new URL(url).host);
}

/** What a process is for: with pg-boss only workers run jobs. */
export type Role = 'server' | 'worker';

/** A client of their own: that jobs are told to a host does not mean that process graphs may read from it. */
function webhooksOf({ jobs: { webhooks, webhookSecret } }: Config, logger: Logger): Webhooks | undefined {
  if (webhooks.length === 0) return undefined;
  const allowedHosts = webhooks.map((url) => new URL(url).host);
  const http = createHttpClient({ allowedHosts, logger });
  return new Webhooks({ http, logger, urls: webhooks, secret: webhookSecret });
}

/** @throws Error where the engine cannot work on the database of the records */
function engineOf({ jobs: { engine }, storeUrl }: Config, role: Role): EngineChoice {
  if (engine === 'embedded') return { kind: 'embedded' };
  const location = parseStoreUrl(storeUrl);
  if (location.dialect !== 'postgres')
    throw new Error('TILEGRAPH_JOBS=pg-boss needs PostgreSQL: set TILEGRAPH_STORE_URL to postgresql://…');
  const { connectionString } = location;
  return { kind: 'pg-boss', connectionString, isWorker: role === 'worker' };
}

/**
 * Opens stores, loads processes and connects the rooms. PostgreSQL may be away: what needs it answers
 * `StoreUnavailable` until it is back.
 * @throws Error for what can never work: bad addresses, built-in processes that do not fit together
 */
export async function openParts(
  config: Config,
  logger: Logger,
  role: Role = 'server',
): Promise<ApplicationParts> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const opened = <T>(part: T, closer: (part: T) => Promise<void> | void): T => {
    closers.push(() => closer(part));
    return part;
  };
  try {
    await mkdir(config.dataDir, { recursive: true });
    const http = opened(
      createHttpClient({ allowedHosts: [...config.allowedHosts, ...namedHosts(config)], logger }),
      (part) => part.close(),
    );
    const records = opened(await openRecordStore(config.storeUrl, { logger }), (part) => part.close());
    const tileStore =
      config.tileStoreUrl === undefined
        ? undefined
        : opened(await openTileStore(config.tileStoreUrl, { logger }), (part) => part.close());
    const objects = opened(await openObjectStore(config.objectStoreUrl, { logger, s3: config.s3 }), (part) =>
      part.close(),
    );
    const imagery = tileStore && new Imagery(tileStore.catalogue, new TileFiles(objects), config.tiles);
    const userFiles = new UserFiles(objects, config.filesQuotaBytes);
    const collections = await openCatalog({ collections: config.collections, http, logger });
    const catalog = imagery ? withImagery(collections, imagery.catalogue) : collections;
    const raster = opened(
      createRasterReader({
        http,
        logger,
        cacheBytes: config.caches.blockBytes * (config.workers > 0 ? 1 - threadsCacheShare : 1),
        maxValues: config.limits.pixels,
      }),
      (part) => part.close(),
    );
    const pyramids = createPyramids({
      ...{ objects, raster, scratchRoot: join(config.dataDir, 'scratch') },
      limits: { pixels: config.limits.pixels, sourcePixels: config.projects.sourcePixels },
    });
    const memory = new MemoryBudget(config.limits.memoryBytes);
    const udf = opened(createUdfRuntimes(config.udf), (part) => part.close());
    const threads = opened(
      startThreads({
        ...{ count: config.workers, file: join(__dirname, 'worker') },
        ...{ memory, logger, cacheBytes: config.caches.blockBytes },
        settings: {
          allowedHosts: [...config.allowedHosts, ...namedHosts(config)],
          maxValues: config.limits.pixels,
        },
      }),
      (part) => part.close(),
    );
    const checks = new SchemaChecks();
    const registry = opened(
      await createRegistry<ProcessContext>({
        specFolders: [packagePath('processes'), ...config.processesDirs],
        moduleFolder: `${__dirname}/processes`,
        checks,
        limits: config.limits,
        logger,
        records,
      }),
      (part) => part.close(),
    );
    /** Whose files a graph reads: a service shows its owner's, whoever looks at it. */
    const ownerOf = async (user: User | undefined, service: { readonly id: string } | undefined) => {
      const owner = service ? (await records.services.get(service.id))?.ownerId : user?.id;
      if (owner === undefined) throw new OpenEOError('AuthenticationRequired');
      return owner;
    };
    const runner = createGraphRunner<ProcessContext, User>({
      registry,
      checks,
      limits: config.limits,
      shareReads,
      accountReads: (cube, onRead) => accountReads(cube, memory, onRead),
      ...(config.workers > 0 && { threads: { pool: threads, live: liveInThreads } }),
      maxPlainBytes: config.limits.memoryBytes / 4,
      storedProcess: async (user, id) => (await records.storedProcesses.get(user.id, id))?.process,
      remoteProcess: createRemoteProcesses(http),
      withSignal: (context, signal) => ({ ...context, signal }),
      createContext: ({ user, service, job, signal, logger: runLogger, parameters, missing }) => ({
        signal,
        logger: runLogger,
        user,
        service,
        imagery,
        async openFile(path, range) {
          const owner = await ownerOf(user, service);
          const { file, body } = await userFiles.read(owner, path, range);
          return { owner, size: file.size, version: file.etag, body };
        },
        async findAsset({ project, version, asset }) {
          if (!user) throw new OpenEOError('AuthenticationRequired');
          const store = records.projects;
          const place = await findVersion(store, await openProject(store, user, project), String(version));
          const { key } = await findBaseMap(store, place, asset);
          return async () => (await objects.get(key))?.body;
        },
        pyramids,
        publicUrl: config.publicUrl,
        // Job types hand in more than the graph room knows of.
        job: job as JobHandle | undefined,
        catalog,
        raster,
        limits: { pixels: config.limits.pixels },
        http,
        udf: { ...udf, session: udf.openSession() },
        tileStore: parameters.has('_openeo_tile_store') && tileStore ? tileStoreHandle(tileStore) : undefined,
        tileStoreMissing: missing?.get('_openeo_tile_store'),
        openStac: (url, stacSignal) => openStacUrl(url, { http, logger: runLogger }, stacSignal),
        async mayAccessService(serviceId) {
          const other = await records.services.get(serviceId);
          return other !== undefined && mayManage(other, user);
        },
      }),
    });
    const auth = opened(createAuth({ records, http, logger, providers: config.oidcProviders }), (part) =>
      part.close(),
    );
    const services = opened(
      createServices({
        records,
        registry,
        runner,
        tileStore,
        objects,
        logger,
        limiter: new Limiter(tiles.running, tiles.waiting),
        limits: config.limits,
        cacheBytes: config.caches.tileBytes,
      }),
      (part) => part.close(),
    );
    const jobParts: JobParts = {
      ...{ records, objects, runner, raster, catalog, services, tileStore, pyramids },
      formats: outputFormats,
      limits: config.limits,
    };
    const jobs = opened(
      createJobs({
        ...{ parts: jobParts, records, logger },
        engine: engineOf(config, role),
        settings: { ...config.jobs, pollMs: jobPollMs },
        pauseMs: fullDiskPauseMs,
        retention: config.jobs.retention,
        webhooks: webhooksOf(config, logger),
      }),
      (part) => part.close(),
    );
    return {
      config,
      logger,
      http,
      records,
      tileStore,
      imagery,
      objects,
      pyramids,
      catalog,
      raster,
      registry,
      udf,
      runner,
      auth,
      services,
      memory,
      threads,
      jobs,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A whole server, ready to listen. */
export interface Application extends ApplicationParts {
  readonly metrics: Metrics;
  /** Resolves to the port. */
  listen(): Promise<number>;
  /** Lets running requests finish for so long, then closes everything. */
  stop(graceMs: number): Promise<void>;
}

export interface ApplicationOptions {
  /** Called once with the first administrator's password where one had to be made up. */
  readonly onPassword?: (user: string, password: string) => void;
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
  return tls && { key: readFileSync(tls.key), cert: readFileSync(tls.cert) };
}

/** Makes sure that there is an administrator, as soon as the database can be reached. */
async function makeAdmin(
  parts: ApplicationParts,
  options: ApplicationOptions,
  stopped: AbortSignal,
): Promise<void> {
  const { config, records, logger } = parts;
  try {
    const { generatedPassword } = await ensureAdmin(records, {
      id: config.adminUser,
      password: config.adminPassword,
    });
    if (generatedPassword !== undefined) options.onPassword?.(config.adminUser, generatedPassword);
  } catch (error) {
    if (!(error instanceof OpenEOError) || error.code !== 'StoreUnavailable') throw error;
    logger.warning(
      'The database cannot be reached; requests that need it are answered with 503 until it is back',
    );
    const retry = setTimeout(() => {
      makeAdmin(parts, options, stopped).catch((failure: Error) =>
        logger.error('The first administrator was not made', { error: failure }),
      );
    }, adminRetryMs);
    stopped.addEventListener('abort', () => clearTimeout(retry), { once: true });
  }
}

/** Builds the server of a configuration. @throws as {@link openParts}; for TLS files that cannot be read */
export async function createApplication(
  config: Config,
  logger: Logger,
  options: ApplicationOptions = {},
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
    ...serviceRoutes(parts.services, parts.auth),
    ...tileRoutes(parts.services, parts.auth),
    ...jobRoutes(parts.jobs),
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
      await parts.jobs.engine.start();
      parts.jobs.housekeeping.start();
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

import { join } from 'node:path';
import { type Auth, createAuth } from '../auth/auth';
import { Limiter } from '../base/limiter';
import type { Logger } from '../base/logger';
import { createHttpClient, type HttpClient } from '../base/net';
import { packagePath } from '../base/paths';
import type { Config } from '../config/types';
import { createRemoteProcesses } from '../graph/library/remote';
import { createRegistry, type Registry } from '../graph/registry';
import { createGraphRunner } from '../graph/run';
import type { GraphRunner } from '../graph/runner';
import { SchemaChecks } from '../graph/schema/checks';
import type { ReadPool } from '../graph/threads/pool';
import { liveInThreads, startThreads, threadsCacheShare } from '../graph/threads/start';
import type { JobParts } from '../jobs/job-type';
import type { Jobs } from '../jobs/jobs';
import type { ProcessContext } from '../processes/context';
import { createPyramids, type Pyramids } from '../pyramid/pyramids';
import { outputFormats } from '../raster/formats/registry';
import { MemoryBudget } from '../raster/memory/budget';
import { accountReads } from '../raster/memory/reads';
import { createRasterReader } from '../raster/reader';
import { shareReads } from '../raster/shared-reads';
import type { RasterReader } from '../raster/source';
import { createServices, type Services } from '../services/services';
import { openCatalog } from '../store/catalog/open';
import type { Catalog } from '../store/catalog/types';
import { openObjectStore } from '../store/objects/open';
import type { ObjectStore } from '../store/objects/types';
import { openRecordStore } from '../store/records/open';
import type { RecordStore, User } from '../store/records/types';
import { openTileStore } from '../store/tiles/open';
import { withImagery } from '../tiles/collection';
import { TileFiles } from '../tiles/files';
import { Imagery } from '../tiles/imagery';
import type { TileStore } from '../tiles/types';
import { createUdfRuntimes } from '../udf/runtimes';
import type { UdfRuntimes } from '../udf/types';
import { makeDataFolder } from './data-folder';
import { openJobs, type Role } from './jobs';
import { processContexts } from './process-context';

/** How many tiles are drawn at once, and how many wait before 429 is answered: they are small and many. */
const tiles = { running: 8, waiting: 1024 };

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
    await makeDataFolder(config.dataDir);
    const http = opened(
      createHttpClient({ allowedHosts: [...config.allowedHosts, ...namedHosts(config)], logger }),
      (part) => part.close(),
    );
    const records = opened(await openRecordStore(config.storeUrl, { logger, kept: config.kept }), (part) =>
      part.close(),
    );
    const tileStore =
      config.tileStoreUrl === undefined
        ? undefined
        : opened(await openTileStore(config.tileStoreUrl, { logger }), (part) => part.close());
    const objects = opened(await openObjectStore(config.objectStoreUrl, { logger, s3: config.s3 }), (part) =>
      part.close(),
    );
    const imagery = tileStore && new Imagery(tileStore.catalogue, new TileFiles(objects), config.tiles);
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
        ...{ count: config.workers, file: join(__dirname, '../worker') },
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
        moduleFolder: join(__dirname, '../processes'),
        checks,
        limits: config.limits,
        logger,
        records,
      }),
      (part) => part.close(),
    );
    const runner = createGraphRunner<ProcessContext, User>({
      registry,
      checks,
      limits: config.limits,
      shareReads,
      accountReads: (cube, onRead) => accountReads(cube, memory, onRead),
      ...(config.workers > 0 && { threads: { pool: threads, live: liveInThreads } }),
      maxPlainBytes: config.limits.memoryBytes / 4,
      holdPlain: () => memory.hold(),
      storedProcess: async (user, id) => (await records.storedProcesses.get(user.id, id))?.process,
      remoteProcess: createRemoteProcesses(http),
      withSignal: (context, signal) => ({ ...context, signal }),
      createContext: processContexts({
        ...{ config, http, records, tileStore, imagery, objects, catalog, raster, pyramids, memory, udf },
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
    const jobs = opened(openJobs(config, jobParts, logger, role), (part) => part.close());
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

import { availableParallelism, totalmem } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config, OidcProvider } from './types';

/** More than this only where it is asked for: each takes 100 MB and more. */
const maxDefaultWorkers = 4;
/** Less than this does not hold a strip of pixels with what it is made of (see raster/row-chunks.ts). */
const leastDefaultMemoryBytes = 256 * 1024 * 1024;

const dayMs = 24 * 3600_000;

/** A SQLite address of a file. */
export function sqliteUrl(file: string): string {
  return `sqlite:///${resolve(file)}`;
}

/** The configuration that checked values make: addresses, folders and sizes that follow from others are filled in. */
export function complete(values: Readonly<Record<string, unknown>>): Config {
  const dataDir = resolve(values['dataDir'] as string);
  return {
    host: values['host'] as string,
    port: values['port'] as number,
    dataDir,
    storeUrl: (values['storeUrl'] as string | undefined) ?? sqliteUrl(join(dataDir, 'tilegraph.db')),
    tileStoreUrl: values['tileStoreUrl'] as string | undefined,
    objectStoreUrl:
      (values['objectStoreUrl'] as string | undefined) ?? pathToFileURL(join(dataDir, 'objects')).href,
    s3: {
      endpoint: values['s3Endpoint'] as string | undefined,
      region: values['s3Region'] as string | undefined,
      isPathStyle: values['s3PathStyle'] as boolean,
    },
    collections: (values['collections'] as string[]).map(collectionPath),
    processesDirs: (values['processesDir'] as string[]).map((folder) => resolve(folder)),
    publicUrl: (values['publicUrl'] as string | undefined)?.replace(/\/+$/, ''),
    trustProxy: values['trustProxy'] as boolean | number | string,
    adminUser: values['adminUser'] as string,
    adminPassword: values['adminPassword'] as string | undefined,
    oidcProviders: (values['oidcProviders'] as Partial<OidcProvider>[]).map(completeProvider),
    allowedHosts: values['allowedHosts'] as string[],
    filesQuotaBytes: values['filesQuota'] as number,
    logLevel: values['logLevel'] as Config['logLevel'],
    limits: {
      nodes: values['limitNodes'] as number,
      depth: values['limitDepth'] as number,
      pixels: values['limitPixels'] as number,
      memoryBytes: (values['limitMemory'] as number | undefined) ?? defaultMemoryBytes(),
      jobPixels: values['limitJobPixels'] as number,
      seconds: values['limitSeconds'] as number,
      bodyBytes: values['limitBody'] as number,
    },
    kept: {
      jobs: unlessZero(values['limitJobs']),
      services: unlessZero(values['limitServices']),
      storedProcesses: unlessZero(values['limitProcesses']),
    },
    texts: {
      title: unlessZero(values['limitTitle']),
      description: unlessZero(values['limitDescription']),
    },
    udf: {
      seconds: values['limitUdfSeconds'] as number,
      memoryBytes: values['limitUdfMemory'] as number,
      threads: values['udfThreads'] as number,
    },
    workers: (values['workers'] as number | undefined) ?? Math.min(maxDefaultWorkers, availableParallelism()),
    caches: { blockBytes: values['blockCache'] as number, tileBytes: values['tileCache'] as number },
    tiles: {
      isPublic: values['tilesPublic'] as boolean,
      uploadBytes: values['limitUpload'] as number,
      uploadPixels: values['limitUploadPixels'] as number,
      cells: values['limitCells'] as number,
    },
    jobs: {
      engine: values['jobs'] as Config['jobs']['engine'],
      concurrency: values['jobConcurrency'] as number,
      perUser: values['jobsPerUser'] as number,
      perType: Object.fromEntries(
        (values['jobsPerType'] as string[])
          .map((entry) => entry.split('='))
          .map(([type, count]) => [type, Number(count)]),
      ),
      leaseMs: (values['jobLease'] as number) * 1000,
      linkSeconds: values['resultLinks'] as number,
      retention: {
        resultMs: (values['jobResultDays'] as number) * dayMs,
        logMs: (values['jobLogDays'] as number) * dayMs,
      },
      webhooks: values['jobWebhooks'] as string[],
      webhookSecret: values['jobWebhookSecret'] as string | undefined,
    },
    projects: {
      assetBytes: values['limitAsset'] as number,
      sourcePixels: values['limitSourcePixels'] as number,
    },
    tls:
      values['tlsKey'] === undefined
        ? undefined
        : { key: resolve(values['tlsKey'] as string), cert: resolve(values['tlsCert'] as string) },
  };
}

/** A limit of which 0 says that there is none. */
function unlessZero(value: unknown): number | undefined {
  return (value as number) || undefined;
}

/** A quarter of what the machine or its container has. */
function defaultMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(leastDefaultMemoryBytes, Math.floor(available / 4));
}

function collectionPath(source: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source) || isAbsolute(source) ? source : resolve(source);
}

function completeProvider(provider: Partial<OidcProvider>): OidcProvider {
  return { scopes: ['openid'], defaultClients: [], ...provider } as OidcProvider;
}

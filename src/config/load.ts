import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import schema from '../../schemas/config.json';
import { printableUrl, redactUrl } from '../base/addresses';
import { SetupError } from '../base/errors';
import { createSchemaCompiler, describeViolation, type ErrorObject } from '../base/schema';
import { type Option, options, otherVariables, parseText, tileStoreAlias } from './options';
import type { Config, OidcProvider } from './types';

/** The configuration is wrong; the message names every wrong or unknown key and what is accepted. */
export class ConfigError extends SetupError {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

export interface ConfigSources {
  /** Flags by name without dashes, for example `data-dir`. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A JSON file; `TILEGRAPH_CONFIG` in the environment also names one. */
  readonly file?: string;
  /** Replaces defaults of the schema, for example for `npm start`. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

interface Given {
  readonly value: unknown;
  /** How the person named it: the flag, the variable, or the file's key. */
  readonly name: string;
}

/** More than this only where it is asked for: each takes 100 MB and more. */
const maxDefaultWorkers = 4;
/** Less than this does not hold a strip of pixels with what it is made of (see raster/row-chunks.ts). */
const leastDefaultMemoryBytes = 256 * 1024 * 1024;

const validate = createSchemaCompiler().compile({ ...schema, $id: undefined });

/**
 * Merges flags over environment over file over defaults, checks the result and freezes it.
 * @throws ConfigError
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const problems: string[] = [];
  const given = new Map<string, Given>();
  const environment = sources.environment ?? {};
  readFile(sources.file ?? environment['TILEGRAPH_CONFIG'], given, problems);
  readEnvironment(environment, given, problems);
  readFlags(sources.flags ?? {}, given, problems);

  const values: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const fallback = sources.defaults?.[key] ?? ('default' in property ? property.default : undefined);
    const value = given.has(key) ? given.get(key)?.value : fallback;
    if (value !== undefined) values[key] = structuredClone(value);
  }
  if (!validate(values)) {
    for (const error of validate.errors ?? []) problems.push(describe(error, given));
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return deepFreeze(complete(values));
}

function readFile(file: string | undefined, given: Map<string, Given>, problems: string[]): void {
  if (file === undefined || file === '') return;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    problems.push(`the configuration file ${file} cannot be read: ${(error as Error).message}`);
    return;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`the configuration file ${file} must hold one JSON object`);
    return;
  }
  for (const [key, value] of Object.entries(content)) {
    const option = options.find((candidate) => candidate.key === key);
    if (!option)
      problems.push(
        `${key} in ${file} is unknown; accepted are ${options.map((known) => known.key).join(', ')}`,
      );
    else
      given.set(key, {
        value:
          typeof value === 'string' && option.type === 'integer'
            ? parse(option, value, key, problems)
            : value,
        name: `${key} in ${file}`,
      });
  }
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  given: Map<string, Given>,
  problems: string[],
): void {
  for (const option of options) {
    const text = environment[option.variable];
    if (text !== undefined && text !== '')
      given.set(option.key, { value: parse(option, text, option.variable, problems), name: option.variable });
  }
  for (const name of Object.keys(environment)) {
    if (
      !name.startsWith('TILEGRAPH_') ||
      otherVariables.has(name) ||
      options.some((option) => option.variable === name)
    )
      continue;
    problems.push(`${name} is unknown; accepted are ${options.map((option) => option.variable).join(', ')}`);
  }
  const alias = environment[tileStoreAlias];
  if (!alias) return;
  const own = environment['TILEGRAPH_TILE_STORE_URL'];
  if (own && own !== alias)
    problems.push(`TILEGRAPH_TILE_STORE_URL and ${tileStoreAlias} have different values; set one of them`);
  else given.set('tileStoreUrl', { value: alias, name: tileStoreAlias });
}

function readFlags(
  flags: Readonly<Record<string, string>>,
  given: Map<string, Given>,
  problems: string[],
): void {
  for (const [name, text] of Object.entries(flags)) {
    const option = options.find((candidate) => candidate.flag === `--${name}`);
    if (!option)
      problems.push(`--${name} is unknown; accepted are ${options.map((known) => known.flag).join(', ')}`);
    else given.set(option.key, { value: parse(option, text, option.flag, problems), name: option.flag });
  }
}

function parse(option: Option, text: string, name: string, problems: string[]): unknown {
  try {
    return parseText(option, text);
  } catch {
    problems.push(`${name} must be JSON`);
    return undefined;
  }
}

function describe(error: ErrorObject, given: ReadonlyMap<string, Given>): string {
  const [, key = '', ...rest] = error.instancePath.split('/');
  if (error.keyword === 'dependentRequired') return 'tlsKey and tlsCert must be set together';
  const option = options.find((candidate) => candidate.key === key);
  const name = given.get(key)?.name ?? option?.variable ?? key;
  const where = rest.length > 0 ? `${name} (at ${rest.join('/')})` : name;
  return `${where} ${describeViolation(error)}`;
}

const dayMs = 24 * 3600_000;

/** A SQLite address of a file. */
export function sqliteUrl(file: string): string {
  return `sqlite:///${resolve(file)}`;
}

function complete(values: Record<string, unknown>): Config {
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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}

/** The configuration for people: passwords and signatures inside addresses, and secrets, are hidden. */
export function printableConfig(config: Config): Record<string, unknown> {
  const hide = (url: string | undefined) => (url && !/^(?:file|sqlite)\b/i.test(url) ? redactUrl(url) : url);
  const named = (urls: readonly string[]) =>
    urls.map((url) => (/^https?:/i.test(url) ? printableUrl(url) : url));
  return {
    ...config,
    storeUrl: hide(config.storeUrl),
    tileStoreUrl: hide(config.tileStoreUrl),
    objectStoreUrl: hide(config.objectStoreUrl),
    collections: named(config.collections),
    adminPassword: config.adminPassword === undefined ? undefined : '***',
    jobs: {
      ...config.jobs,
      webhooks: named(config.jobs.webhooks),
      webhookSecret: config.jobs.webhookSecret === undefined ? undefined : '***',
    },
  };
}

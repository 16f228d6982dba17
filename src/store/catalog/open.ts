import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { HttpClient } from '../../base/net';
import { entryAddress, isRemote, loggedName, unreadable } from './address';
import { DocumentReader } from './documents';
import { FieldError } from './fields';
import { describeQueryables } from './queryables';
import { CatalogSource, type Freshness } from './source';
import type { Catalog } from './types';
import type { LoadedCollection } from './walk';

const usual: Freshness = { localMs: 1000, remoteMs: 60_000 };

export interface CatalogOptions {
  /** STAC collections, catalogs, items or item collections: paths, or http(s) addresses. */
  readonly collections: readonly string[];
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly freshness?: Freshness;
}

/** Lets a caller leave; what is under way goes on for others. */
async function unlessAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([task, left]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

function createCatalog(sources: readonly CatalogSource[], logger: Logger): Catalog {
  const reported = new Set<string>();
  async function collections(): Promise<Map<string, LoadedCollection>> {
    const all = new Map<string, LoadedCollection>();
    const lists = await Promise.all(sources.map((source) => source.collections(logger)));
    lists.forEach((list, position) => {
      for (const collection of list) {
        const { id } = collection.document;
        if (!all.has(id)) all.set(id, collection);
        else if (!reported.has(`${position} ${id}`)) {
          reported.add(`${position} ${id}`);
          logger.warning('skipped a STAC collection: another one has its id', {
            source: loggedName(sources[position].address),
            collection: id,
          });
        }
      }
    });
    return all;
  }
  async function find(id: string): Promise<LoadedCollection> {
    const collection = (await collections()).get(id);
    if (!collection) throw new OpenEOError('CollectionNotFound', { identifier: id });
    return collection;
  }
  const queryables = new WeakMap<LoadedCollection, Readonly<Record<string, unknown>>>();
  return {
    list: async () => [...(await collections()).values()].map(({ document }) => document),
    get: async (id) => (await collections()).get(id)?.document,
    async items(id, filter, signal) {
      const { index, search } = await unlessAborted(find(id), signal);
      return search ? await unlessAborted(search.search(filter), signal) : index.search(filter);
    },
    async queryables(id) {
      const collection = (await collections()).get(id);
      if (!collection) return undefined;
      let described = queryables.get(collection);
      if (!described) {
        const { title } = collection.document;
        described = describeQueryables(typeof title === 'string' ? title : id, collection.index.items);
        queryables.set(collection, described);
      }
      return described;
    },
    version: async (id) => (await find(id)).version,
  };
}

/**
 * The collections of the configuration. Those from local files are read before this returns; those from
 * the network are read meanwhile and waited for when first asked for. What can't be read is reported in the
 * log, left out, and tried again later; documents that change are read anew.
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const { http, logger, freshness = usual } = options;
  const reader = new DocumentReader(http, freshness.remoteMs);
  const sources = options.collections.map(
    (entry) => new CatalogSource(entryAddress(entry), reader, freshness),
  );
  const reading = sources.map((source) => ({ source, done: source.collections(logger) }));
  for (const { source, done } of reading) {
    if (isRemote(source.address)) done.catch(() => {});
    else await done;
  }
  return createCatalog(sources, logger);
}

/** Sources by address; a service with `load_stac` asks for the same one at every tile. */
const opened = new WeakMap<HttpClient, LRUCache<string, CatalogSource>>();
const maxSources = 100;
/** Items of all sources that clients named, each of which takes some kilobytes; or KiB of text, which take as much. */
const maxKept = 100_000;
/** Bytes of text of one source that a client named. */
const maxSourceBytes = 128 << 20;

/**
 * The collections behind an address that a client gave: an item, a collection, a catalog or a list of items.
 * @throws OpenEOError `SourceUnreadable` for what can't be read, holds no data or is no web address;
 * `HostNotAllowed`
 */
export async function openStacUrl(
  url: string,
  options: { readonly http: HttpClient; readonly logger: Logger; readonly freshness?: Freshness },
  signal: AbortSignal,
): Promise<Catalog> {
  if (!isRemote(url) || !URL.canParse(url)) throw unreadable(url, 'it is no http or https address');
  const { http, logger, freshness = usual } = options;
  let sources = opened.get(http);
  if (!sources) {
    sources = new LRUCache({ max: maxSources, maxSize: maxKept });
    opened.set(http, sources);
  }
  let source = sources.get(url);
  if (!source) {
    const reader = new DocumentReader(http, freshness.remoteMs, maxSourceBytes);
    source = new CatalogSource(entryAddress(url), reader, freshness);
    sources.set(url, source, { size: 1 });
  }
  const collections = await unlessAborted(source.collections(logger), signal);
  const items = collections.reduce((sum, { index }) => sum + index.items.length, 0);
  if (items > 0) {
    weigh(sources, url, source, Math.min(maxKept, Math.max(items, source.bytes >> 10)));
    return createCatalog([source], logger);
  }
  sources.delete(url);
  const { error } = source;
  if (error instanceof OpenEOError) throw error;
  const reason = error instanceof FieldError ? error.message : 'it has no items with GeoTIFF files';
  throw unreadable(url, reason, error);
}

/** Tells the cache how large a source has become. */
function weigh(
  sources: LRUCache<string, CatalogSource>,
  url: string,
  source: CatalogSource,
  size: number,
): void {
  if (sources.info(url)?.size === size || sources.peek(url) !== source) return;
  // The size of a value that is there already would stay as it was.
  sources.delete(url);
  sources.set(url, source, { size });
}

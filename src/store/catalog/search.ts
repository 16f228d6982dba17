import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { type HttpClient, type HttpResponse, readBody } from '../../base/net';
import { type Address, loggedName, resolveHref, unreadable } from './address';
import { FieldError, type Fields, fieldsOf, isFields, listOf, textOf } from './fields';
import { parseItem } from './item';
import { ItemIndex } from './item-index';
import type { ItemFilter, RasterItem } from './types';

/** One page of a search: what is asked for, and how. */
interface PageRequest {
  readonly address: Address;
  /** Sent by POST; absent: GET. */
  readonly body?: Fields;
}

export interface ItemSearchOptions {
  readonly http: HttpClient;
  readonly logger: Logger;
  /** `item_assets` of the collection. */
  readonly templates: Fields;
  /** The id of the collection. */
  readonly collection: string;
  /** Where items of all collections are searched for by filters in CQL2-JSON; asked when there is a filter. */
  readonly filterEndpoint: () => Promise<Address | undefined>;
  /** The pause before the second attempt of a request; it doubles with each further one. */
  readonly pauseMs?: number;
}

const itemsPerPage = 250;
/** As many items as one cube may be made of: more than five years of a daily satellite over a large area. */
const maxFound = 10_000;
const maxPages = 1000;
const maxPageBytes = 64 << 20;
const attempts = 4;
/** Searches whose items are kept: tiles of a service ask for the same ones. */
const maxKept = 64;

/** The cause of an error that is the server's answer, not a lack of one. */
class RefusedAnswer extends Error {}

/** The boxes of a filter in the order of OGC API Features; one that crosses the antimeridian is asked for in two. */
function boxes({ bbox }: ItemFilter): (readonly number[] | undefined)[] {
  if (!bbox) return [undefined];
  const [west, south, east, north] = bbox;
  return west <= east
    ? [bbox]
    : [
        [west, south, 180, north],
        [-180, south, east, north],
      ];
}

function datetimeOf({ interval }: ItemFilter): string | undefined {
  return interval?.map((end) => end ?? '..').join('/');
}

/**
 * Items of a collection of a STAC API (or OGC API Features), searched by place and time when they are asked for.
 * Make a new one for each look at the collection: what was found is kept.
 */
export class ItemSearch {
  readonly #kept = new Map<string, Promise<readonly RasterItem[]>>();
  /** Filters that the server answered with an error. */
  readonly #refused = new Set<string>();

  /** @param address the collection's link "items" */
  constructor(
    private readonly address: Address,
    private readonly options: ItemSearchOptions,
  ) {}

  /** Items in order of time. @throws OpenEOError `SourceUnreadable`, also for more items than one cube may have */
  search(filter: ItemFilter): Promise<readonly RasterItem[]> {
    const key = JSON.stringify([filter.bbox, filter.interval, filter.cql2]);
    let found = this.#kept.get(key);
    if (!found) {
      const [oldest] = this.#kept.keys();
      if (this.#kept.size >= maxKept) this.#kept.delete(oldest);
      found = this.#find(filter);
      this.#kept.set(key, found);
      found.catch(() => this.#kept.delete(key));
    }
    return found;
  }

  async #find(filter: ItemFilter): Promise<readonly RasterItem[]> {
    const items = (await this.#narrowed(filter)) ?? (await this.#items(this.#searches(filter)));
    // Servers may know no filters, and their intervals include the end.
    return new ItemIndex([...items.values()]).search(filter);
  }

  /** The items that the server finds by properties, too; undefined where it can't. */
  async #narrowed(filter: ItemFilter): Promise<Map<string, RasterItem> | undefined> {
    const text = JSON.stringify(filter.cql2);
    if (text === undefined || this.#refused.has(text)) return undefined;
    const endpoint = await this.options.filterEndpoint();
    if (!endpoint) return undefined;
    try {
      return await this.#items(this.#filteredSearches(endpoint, filter));
    } catch (error) {
      const isOptional =
        error instanceof OpenEOError &&
        (error.cause instanceof RefusedAnswer || error.code === 'HostNotAllowed');
      if (!isOptional) throw error;
      this.options.logger.warning('a STAC API does not take a filter of properties: searched without it', {
        source: loggedName(endpoint),
        reason: error.message,
      });
      if (this.#refused.size >= maxKept) this.#refused.clear();
      this.#refused.add(text);
      return undefined;
    }
  }

  #searches(filter: ItemFilter): PageRequest[] {
    return boxes(filter).map((box) => {
      const url = new URL(this.address);
      url.searchParams.set('limit', String(itemsPerPage));
      if (box) url.searchParams.set('bbox', box.join());
      const datetime = datetimeOf(filter);
      if (datetime) url.searchParams.set('datetime', datetime);
      return { address: url.href };
    });
  }

  #filteredSearches(address: Address, filter: ItemFilter): PageRequest[] {
    const datetime = datetimeOf(filter);
    return boxes(filter).map((bbox) => ({
      address,
      body: {
        collections: [this.options.collection],
        limit: itemsPerPage,
        ...(bbox && { bbox }),
        ...(datetime && { datetime }),
        'filter-lang': 'cql2-json',
        filter: filter.cql2,
      },
    }));
  }

  async #items(searches: readonly PageRequest[]): Promise<Map<string, RasterItem>> {
    const items = new Map<string, RasterItem>();
    for (const search of searches) await this.#addPages(search, items);
    return items;
  }

  async #addPages(first: PageRequest, items: Map<string, RasterItem>): Promise<void> {
    const seen = new Set<string>();
    for (let request: PageRequest | undefined = first; request; ) {
      seen.add(JSON.stringify(request));
      const page = await this.#page(request);
      for (const feature of listOf(page, 'features')) this.#add(feature, items);
      if (items.size > maxFound || seen.size > maxPages)
        throw unreadable(
          this.address,
          `more than ${maxFound.toLocaleString('en')} items lie in the given extents; ask for a smaller area or a shorter time`,
        );
      const next: PageRequest | undefined = nextPage(page, request);
      request = next && !seen.has(JSON.stringify(next)) ? next : undefined;
    }
  }

  #add(feature: Fields, items: Map<string, RasterItem>): void {
    try {
      // Wherever it was found, its references are relative to its place in the collection.
      const item = parseItem(feature, this.address, this.options.templates);
      const version = createHash('sha256').update(JSON.stringify(feature)).digest('base64url').slice(0, 16);
      items.set(item.id, { ...item, version });
    } catch (error) {
      if (!(error instanceof OpenEOError || error instanceof FieldError)) throw error;
      this.options.logger.warning('skipped a STAC item', {
        source: loggedName(this.address),
        item: textOf(feature, 'id'),
        reason: error.message,
      });
    }
  }

  /** @throws OpenEOError `SourceUnreadable`, `HostNotAllowed` */
  async #page({ address, body }: PageRequest): Promise<Fields> {
    const accept = 'application/geo+json, application/json';
    for (let attempt = 1; ; attempt++) {
      const response = await this.options.http
        .request(address, {
          headers: { accept, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { method: 'POST', body: JSON.stringify(body) }),
        })
        .catch((error: unknown) => error as OpenEOError);
      if (!(response instanceof Error)) {
        if (response.status === 200) return await readPage(address, response);
        response.body.on('error', () => {}).resume();
        if (attempt === attempts || !(response.status === 429 || response.status >= 500))
          throw unreadable(address, `the server answers ${response.status}`, new RefusedAnswer());
      } else if (attempt === attempts || response.code !== 'SourceUnreadable' || !response.cause)
        throw response;
      await sleep((this.options.pauseMs ?? 250) * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

async function readPage(address: Address, response: HttpResponse): Promise<Fields> {
  const body = await readBody(response, maxPageBytes);
  let page: unknown;
  try {
    page = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw unreadable(address, 'its answer is not JSON', error);
  }
  if (isFields(page)) return page;
  throw unreadable(address, 'its answer is no JSON object');
}

/** What the link "next" asks for: by GET, or by POST with a body of its own or joined with the one before. */
function nextPage(page: Fields, { address, body }: PageRequest): PageRequest | undefined {
  const link = listOf(page, 'links').find((each) => textOf(each, 'rel') === 'next');
  const href = link && textOf(link, 'href');
  if (!href) return undefined;
  const next = resolveHref(href, address);
  if (textOf(link, 'method')?.toUpperCase() !== 'POST') return { address: next };
  return { address: next, body: { ...(link['merge'] === true && body), ...fieldsOf(link, 'body') } };
}

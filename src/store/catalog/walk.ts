import { createHash } from 'node:crypto';
import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { type Address, isRemote, loggedName, resolveHref, unreadable } from './address';
import { completeCollection } from './collection';
import { summarise } from './dimensions';
import type { DocumentReader, StacDocument } from './documents';
import { FieldError, type Fields, fieldsOf, isFields, linksOf, listOf, textOf } from './fields';
import { findFilterEndpoint } from './filter-endpoint';
import { parseItem } from './item';
import { ItemIndex } from './item-index';
import { ItemSearch } from './search';
import type { CollectionDocument, RasterItem } from './types';

/** A collection with its items, as it was when it was read. */
export interface LoadedCollection {
  readonly document: CollectionDocument;
  /** All of its items; some of them where the others are to be searched for. */
  readonly index: ItemIndex;
  readonly search?: ItemSearch;
  readonly version: string;
}

/** Bounds of a walk: a catalog that links in circles or without end must not hold the server. */
const limits = { depth: 12, documents: 50_000, items: 50_000 };
/** So many pages of a collection on the network are read; where there are more, its server searches. */
const heldPages = 4;

/** A collection while its items are gathered. */
interface Draft {
  readonly id: string;
  readonly fields: Fields;
  readonly address: Address;
  readonly items: Map<string, RasterItem>;
  readonly versions: string[];
  /** Where more items can be searched for than were read. */
  endpoint?: Address;
}

/** Items that were parsed already: a document keeps its identity until it changes. */
const parsed = new WeakMap<Fields, { readonly templates: Fields; readonly item: RasterItem }>();

/** Follows the links of one configured document. Make a new one for each walk. */
export class Walk {
  readonly #drafts = new Map<string, Draft>();
  readonly #seen = new Set<Address>();
  #items = 0;
  #isComplete = true;

  constructor(
    private readonly reader: DocumentReader,
    private readonly logger: Logger,
  ) {}

  /** @throws OpenEOError `SourceUnreadable` when the document itself can't be read */
  async run(address: Address): Promise<LoadedCollection[]> {
    await this.#visit(await this.reader.read(address), undefined, 0);
    return [...this.#drafts.values()].map((draft) => this.#finish(draft));
  }

  async #visit(document: StacDocument, owner: Draft | undefined, depth: number): Promise<void> {
    const { value } = document;
    const type = value['type'];
    const kind = type ?? guessType(value);
    if (kind === 'Feature') this.#addItem(value, document, owner);
    else if (kind === 'FeatureCollection') await this.#addPages(document, owner);
    else if (kind === 'Collection') await this.#visitLinks(document, this.#draft(document), depth);
    else if (kind === 'Catalog') await this.#visitLinks(document, owner, depth);
    else if (kind === 'Collections') await this.#visitCollections(document, depth);
    else
      throw unreadable(
        document.address,
        `its type is ${JSON.stringify(type) ?? 'missing'} instead of Collection, Catalog, Feature or FeatureCollection`,
      );
  }

  /** The answer of `GET /collections` of a STAC API. */
  async #visitCollections(document: StacDocument, depth: number): Promise<void> {
    for (const value of listOf(document.value, 'collections')) {
      const self = linksOf(value).find((link) => link.rel === 'self')?.href;
      const address = self ? resolveHref(self, document.address) : document.address;
      await this.#guard(loggedName(address), () =>
        this.#visit({ address, value, version: document.version }, undefined, depth),
      );
    }
  }

  #draft(document: StacDocument, id = textOf(document.value, 'id')): Draft {
    if (!id) throw unreadable(document.address, 'id is missing');
    let draft = this.#drafts.get(id);
    if (!draft) {
      const { value: fields, address, version } = document;
      draft = { id, fields, address, items: new Map(), versions: [version] };
      this.#drafts.set(id, draft);
    }
    return draft;
  }

  async #visitLinks(document: StacDocument, owner: Draft | undefined, depth: number): Promise<void> {
    const links = linksOf(document.value);
    const itemLinks = links.filter((link) => link.rel === 'item');
    const pages = links.filter((link) => link.rel === 'items');
    const children = links.filter((link) => link.rel === 'child');
    const follow = itemLinks.length || !owner ? [...itemLinks, ...children] : [...pages, ...children];
    // A STAC API lists its collections under "data" where it has no child links.
    if (!owner && !children.length && !itemLinks.length)
      follow.push(...links.filter((link) => link.rel === 'data'));
    await Promise.all(
      follow.map((link) =>
        this.#guard(`${loggedName(document.address)} → ${link.href.replace(/[?#].*$/, '')}`, async () => {
          const address = resolveHref(link.href, document.address);
          if (this.#seen.has(address) || address === document.address) return;
          this.#seen.add(address);
          if (depth >= limits.depth)
            throw unreadable(address, `it is nested more than ${limits.depth} levels deep`);
          if (this.#seen.size > limits.documents)
            return this.#leaveOut(address, `there are more than ${limits.documents} documents`);
          await this.#visit(await this.reader.read(address), owner, depth + 1);
        }),
      ),
    );
  }

  /** Reports what can't be used and goes on with the rest. */
  async #guard(name: string, task: () => Promise<void> | void): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof OpenEOError || error instanceof FieldError)) throw error;
      this.logger.warning('skipped a STAC document', { source: name, reason: error.message });
    }
  }

  /** Told once: there may be many more. */
  #leaveOut(address: Address, reason: string): void {
    if (!this.#isComplete) return;
    this.#isComplete = false;
    this.logger.warning('skipped the rest of a STAC source', { source: loggedName(address), reason });
  }

  async #addPages(first: StacDocument, owner: Draft | undefined): Promise<void> {
    const visited = new Set<Address>();
    for (let page: StacDocument | undefined = first; page; ) {
      const current: StacDocument = page;
      visited.add(current.address);
      for (const [position, feature] of listOf(current.value, 'features').entries())
        await this.#guard(`${loggedName(current.address)}#/features/${position}`, () =>
          this.#addItem(feature, current, owner),
        );
      const next = linksOf(current.value).find((link) => link.rel === 'next');
      const address: Address | undefined = next && resolveHref(next.href, current.address);
      if (address && owner && visited.size === heldPages && isRemote(first.address)) {
        owner.endpoint = first.address;
        return;
      }
      page =
        address && !visited.has(address) && this.#items < limits.items
          ? await this.reader.read(address)
          : undefined;
    }
  }

  #addItem(value: Fields, document: StacDocument, owner: Draft | undefined): void {
    if (this.#items >= limits.items) {
      this.#leaveOut(document.address, `there are more than ${limits.items} items`);
      return;
    }
    // Items that are given without their collection still belong together by its name.
    const draft =
      owner ??
      this.#draft(
        { ...document, value: { id: textOf(value, 'collection') ?? textOf(value, 'id') } },
        textOf(value, 'collection') ?? textOf(value, 'id'),
      );
    const templates = fieldsOf(draft.fields, 'item_assets');
    const known = parsed.get(value);
    const item = known?.templates === templates ? known.item : parseItem(value, document.address, templates);
    parsed.set(value, { templates, item });
    if (!draft.items.has(item.id)) this.#items++;
    draft.items.set(item.id, item);
    draft.versions.push(document.version);
  }

  #finish(draft: Draft): LoadedCollection {
    const index = new ItemIndex([...draft.items.values()]);
    const hash = createHash('sha256');
    for (const version of [...draft.versions].sort()) hash.update(version);
    const { logger, reader } = this;
    const templates = fieldsOf(draft.fields, 'item_assets');
    return {
      document: completeCollection(draft.id, draft.fields, draft.address, summarise(index.items)),
      index,
      ...(draft.endpoint && {
        search: new ItemSearch(draft.endpoint, {
          http: reader.http,
          logger,
          templates,
          collection: draft.id,
          filterEndpoint: () => findFilterEndpoint(draft.fields, draft.address, reader),
        }),
      }),
      version: hash.digest('base64url').slice(0, 16),
    };
  }
}

/** What a document is that does not say: lists of collections, and documents from before STAC 1.0. */
function guessType(value: Fields): string | undefined {
  if (Array.isArray(value['collections'])) return 'Collections';
  if (isFields(value['extent'])) return 'Collection';
  return Array.isArray(value['links']) ? 'Catalog' : undefined;
}

import { OpenEOError } from '../../base/errors';
import type { Json } from '../../base/json';
import type { CollectionDocument } from '../../store/catalog/types';
import { apiUrl } from '../address';
import type { Backend } from '../backend';
import { type Link, pageLinks, pageQuery, slicePage } from '../paging';
import type { ApiRequest, Route } from '../route';

/** Links of the source that say where the source is, which clients of this server don't need. */
const structural = new Set(['self', 'root', 'parent', 'child', 'item', 'items', 'collection']);

/** Left out of the list, as the standard asks: the document of one collection has them. */
const large = ['cube:dimensions', 'summaries', 'assets', 'item_assets'];

export function collectionRoutes({ catalog }: Backend): Route[] {
  return [
    {
      method: 'GET',
      path: '/collections',
      access: 'optional',
      async handle(request, response) {
        const page = pageQuery(request);
        const { items, next } = slicePage(await catalog.list(), page);
        response.json({
          collections: items.map((document) => without(describe(request, document), large)),
          links: [
            { rel: 'self', href: apiUrl(request, '/collections'), type: 'application/json' },
            { rel: 'root', href: apiUrl(request, '/'), type: 'application/json' },
            ...pageLinks(request, '/collections', page, next),
          ],
        });
      },
    },
    {
      method: 'GET',
      path: '/collections/{collection_id}',
      access: 'optional',
      async handle(request, response) {
        const { collection_id: identifier } = request.params;
        const document = await catalog.get(identifier);
        if (!document) throw new OpenEOError('CollectionNotFound', { identifier });
        response.json(describe(request, document));
      },
    },
    {
      method: 'GET',
      path: '/collections/{collection_id}/queryables',
      access: 'optional',
      async handle(request, response) {
        const { collection_id: identifier } = request.params;
        const queryables = await catalog.queryables(identifier);
        if (!queryables) throw new OpenEOError('CollectionNotFound', { identifier });
        response.setHeader('Content-Type', 'application/schema+json');
        const $id = apiUrl(request, `/collections/${encodeURIComponent(identifier)}/queryables`);
        response.end(JSON.stringify({ ...queryables, $id }));
      },
    },
  ];
}

/** The collection with links of this server; the source's own ones stay where clients can follow them. */
function describe(request: ApiRequest, document: CollectionDocument): CollectionDocument {
  const own = `/collections/${encodeURIComponent(document.id)}`;
  const json = 'application/json';
  const links: Link[] = [
    { rel: 'self', href: apiUrl(request, own), type: json },
    { rel: 'root', href: apiUrl(request, '/'), type: json },
    { rel: 'parent', href: apiUrl(request, '/collections'), type: json },
    {
      rel: 'http://www.opengis.net/def/rel/ogc/1.0/queryables',
      title: 'What can be filtered by',
      href: apiUrl(request, `${own}/queryables`),
      type: 'application/schema+json',
    },
  ];
  const inherited = Array.isArray(document['links']) ? document['links'].filter(isFollowable) : [];
  const assets = Object.entries((document['assets'] ?? {}) as Record<string, Json>).filter(([, asset]) =>
    isWebAddress(asset),
  );
  return {
    ...without(document, ['assets']),
    ...(assets.length > 0 && { assets: Object.fromEntries(assets) }),
    links: [...(links as unknown as Json[]), ...inherited],
  };
}

function isFollowable(link: Json): boolean {
  const { rel } = (link ?? {}) as { rel?: unknown };
  return typeof rel === 'string' && !structural.has(rel) && isWebAddress(link);
}

function isWebAddress(target: Json): boolean {
  const { href } = (target ?? {}) as { href?: unknown };
  return typeof href === 'string' && /^https?:\/\//i.test(href);
}

function without(document: CollectionDocument, names: readonly string[]): CollectionDocument {
  const entries = Object.entries(document).filter(([name]) => !names.includes(name));
  return Object.fromEntries(entries) as CollectionDocument;
}

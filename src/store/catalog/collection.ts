import type { Json } from '../../base/json';
import { type Address, isRemote, resolveHref } from './address';
import { completeDimensions, type ItemSummary, listedBands, statedBbox, statedInterval } from './dimensions';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './fields';
import type { CollectionDocument } from './types';

type JsonObject = { [key: string]: Json };

const datacube = 'https://stac-extensions.github.io/datacube/v2.2.0/schema.json';

/** An absolute web address, or undefined for what clients can't reach. */
function webAddress(href: string, document: Address): string | undefined {
  try {
    const address = resolveHref(href, document);
    return isRemote(address) ? address : undefined;
  } catch {
    return undefined;
  }
}

function webLinks(document: Fields, address: Address): JsonObject[] {
  return listOf(document, 'links').flatMap((link) => {
    const href = webAddress(textOf(link, 'href') ?? '', address);
    return textOf(link, 'rel') && textOf(link, 'href') && href ? [{ ...(link as JsonObject), href }] : [];
  });
}

function webAssets(document: Fields, address: Address): JsonObject {
  return Object.fromEntries(
    Object.entries(fieldsOf(document, 'assets')).flatMap(([key, asset]) => {
      const href = webAddress(textOf(asset, 'href') ?? '', address);
      return textOf(asset, 'href') && href ? [[key, { ...(asset as JsonObject), href }]] : [];
    }),
  );
}

function extentOf(document: Fields, summary: ItemSummary): JsonObject {
  const given = fieldsOf(document, 'extent') as JsonObject;
  const bbox = summary.bbox ?? [-180, -90, 180, 90];
  return {
    ...given,
    spatial: statedBbox(document) ? (given['spatial'] as Json) : { bbox: [[...bbox]] },
    temporal: statedInterval(document)
      ? (given['temporal'] as Json)
      : { interval: [summary.interval ? [...summary.interval] : [null, null]] },
  };
}

function summariesOf(document: Fields, summary: ItemSummary): JsonObject {
  const given = Object.entries(fieldsOf(document, 'summaries')).filter(
    ([, value]) => Array.isArray(value) || isFields(value),
  ) as [string, Json][];
  const hasBands = listOf(fieldsOf(document, 'summaries'), 'eo:bands').length > 0;
  if (hasBands || summary.bands.length === 0) return Object.fromEntries(given);
  const order = listedBands(document);
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const bands = [...summary.bands]
    .sort((a, b) => rank(a.name) - rank(b.name))
    .map(({ name, commonName }) => ({ name, ...(commonName ? { common_name: commonName } : {}) }));
  return Object.fromEntries([...given.filter(([name]) => name !== 'eo:bands'), ['eo:bands', bands]]);
}

/**
 * A collection as `GET /collections/{id}` answers it: what the document states, completed by what its items
 * tell, so that every field which the standard requires is there. Files of this machine are not mentioned.
 */
export function completeCollection(
  id: string,
  document: Fields,
  address: Address,
  summary: ItemSummary,
): CollectionDocument {
  const version = textOf(document, 'stac_version') ?? '';
  const title = textOf(document, 'title');
  const extensions = Array.isArray(document['stac_extensions'])
    ? document['stac_extensions'].map(String)
    : [];
  const hasDatacube = extensions.some((extension) => extension.includes('datacube'));
  const { assets: _, ...rest } = document;
  const assets = webAssets(document, address);
  return {
    ...(rest as JsonObject),
    type: 'Collection',
    stac_version: /^(0\.9\.\d+|1\.\d+\.\d+)/.test(version) ? version : '1.0.0',
    stac_extensions: [...new Set(hasDatacube ? extensions : [...extensions, datacube])],
    id,
    ...(title ? { title } : {}),
    description: textOf(document, 'description') ?? title ?? id,
    license: textOf(document, 'license') ?? 'proprietary',
    extent: extentOf(document, summary),
    'cube:dimensions': completeDimensions(document, summary),
    summaries: summariesOf(document, summary),
    ...(Object.keys(assets).length ? { assets } : {}),
    links: webLinks(document, address),
  };
}

import { OpenEOError } from '../../base/errors';
import { type Address, isRemote, resolveHref } from './address';
import type { DocumentReader } from './documents';
import { type Fields, linksOf, listOf, textOf } from './fields';

/** What a landing page has to conform to: filters of the item search, written as CQL2-JSON; all versions of STAC API. */
const classes = [
  /^https:\/\/api\.stacspec\.org\/v1\.\d+\.\d+(-[\w.]+)?\/item-search#filter$/,
  /^https?:\/\/www\.opengis\.net\/spec\/cql2\/1\.0\/conf\/cql2-json$/,
];

/**
 * Where items are searched for by `POST` with a filter in CQL2-JSON, as the landing page of the collection's API
 * declares it (STAC API, extension "Filter").
 * @returns undefined where it declares none or can't be read
 */
export async function findFilterEndpoint(
  collection: Fields,
  address: Address,
  reader: DocumentReader,
): Promise<Address | undefined> {
  const root = linksOf(collection).find(({ rel }) => rel === 'root');
  if (!root) return undefined;
  try {
    const landing = resolveHref(root.href, address);
    if (!isRemote(landing)) return undefined;
    const document = await reader.read(landing);
    const declared = document.value['conformsTo'];
    if (!Array.isArray(declared)) return undefined;
    if (!classes.every((pattern) => declared.some((name) => pattern.test(String(name))))) return undefined;
    const links = listOf(document.value, 'links').filter((link) => textOf(link, 'rel') === 'search');
    const method = (link: Fields) => textOf(link, 'method')?.toUpperCase();
    // A server with both methods lists the address twice; one that names none takes both.
    const link = links.find((each) => method(each) === 'POST') ?? links.find((each) => !method(each));
    const href = link && textOf(link, 'href');
    return href ? resolveHref(href, document.address) : undefined;
  } catch (error) {
    if (error instanceof OpenEOError) return undefined;
    throw error;
  }
}

import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printableUrl, sourceName } from '../../base/addresses';
import { OpenEOError } from '../../base/errors';

/** Where a document or a file is: an absolute path or an http(s) address. */
export type Address = string;

export function isRemote(address: Address): boolean {
  return /^https?:\/\//i.test(address);
}

/** How an address is named in logs, where folders are no secret. */
export function loggedName(address: Address): string {
  return isRemote(address) ? printableUrl(address) : address;
}

export function unreadable(address: Address, reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('SourceUnreadable', { source: sourceName(address), reason }, { cause });
}

/** An entry of the configuration: a path (relative to the working directory), a file: or an http(s) address. */
export function entryAddress(entry: string): Address {
  if (isRemote(entry)) return new URL(entry).href;
  if (/^file:\/\//i.test(entry)) return fileURLToPath(entry);
  return resolve(entry);
}

function scheme(href: string): string | undefined {
  // One letter is a drive of Windows.
  return /^([a-z][a-z0-9+.-]+):/i.exec(href)?.[1]?.toLowerCase();
}

/**
 * What a link or an asset of a document refers to.
 * @throws OpenEOError `SourceUnreadable` for other schemes, and where a document from the network names a
 * file of this machine
 */
export function resolveHref(href: string, document: Address): Address {
  const named = scheme(href);
  if (isRemote(document)) {
    let url: URL;
    try {
      url = new URL(href, document);
    } catch {
      throw unreadable(document, `its reference "${href}" is no address`);
    }
    if (url.protocol === 'file:')
      throw unreadable(document, 'it refers to a local file, which only local documents may');
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw unreadable(
        document,
        `${url.protocol.slice(0, -1)} addresses cannot be read; only http and https`,
      );
    return url.href;
  }
  if (named === 'http' || named === 'https') return new URL(href).href;
  if (named === 'file') return fileURLToPath(href);
  if (named !== undefined)
    throw unreadable(document, `${named} addresses cannot be read; only http and https`);
  if (isAbsolute(href)) return href;
  // Relative references are URLs: a blank may be written as %20. A file name with a real % stays as it is.
  let path = href.replace(/[?#].*$/, '');
  try {
    path = decodeURIComponent(path);
  } catch {}
  return resolve(dirname(document), path);
}

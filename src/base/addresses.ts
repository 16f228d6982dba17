import { basename } from 'node:path';

/** An address without what may be secret: user, query (signatures) and fragment. */
export function printableUrl(url: string): string {
  if (!URL.canParse(url)) return 'an invalid address';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** How a file or an address is called in messages: no folders of this machine, no user names, keys or signatures. */
export function sourceName(href: string): string {
  return /^https?:/i.test(href) ? printableUrl(href) : basename(href);
}

/** The address of a store without its password, fit for logs; works on malformed addresses too. */
export function redactUrl(url: string): string {
  return url
    .replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)*)([^:@]*).*@/is, '$1$2:***@')
    .replace(/([?&](?:password|pass|sslpassword)=)[^&#]*/gi, '$1***');
}

import type { PreparedService } from './prepared-services';

/** An answer to a request for a tile, before it meets HTTP. */
export interface TileResponse {
  readonly status: 200 | 204 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** True when one of the tags of an `If-None-Match` header is this one (weak comparison, RFC 9110). */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const plain = tag.replace(/^W\//, '');
  return [...header.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, candidate]) => candidate === plain);
}

const maxAgeSeconds = 60;

/** The headers of a service's tiles: shared caches may keep what everybody may see, and nothing else. */
export function cacheHeaders({ settings, readsUser }: PreparedService): Record<string, string> {
  const isPublic = settings.scope === 'public' && !readsUser;
  return {
    'cache-control': `${isPublic ? 'public' : 'private'}, max-age=${maxAgeSeconds}, stale-while-revalidate=86400`,
    ...(!isPublic && { vary: 'Authorization' }),
  };
}

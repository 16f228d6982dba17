import { createHash } from 'node:crypto';

/** The version of what is made of two sources. */
export function joinVersions(one: string, other: string): string {
  return one === other
    ? one
    : createHash('sha256').update(`${one}\n${other}`).digest('base64url').slice(0, 22);
}

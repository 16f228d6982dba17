import { createHash, randomBytes } from 'node:crypto';
import { OpenEOError } from '../base/errors';
import type { RecordStore, User, UserRecord } from '../store/records/types';
import { ChangingCache } from './changing-cache';

export interface IssuedToken {
  /** Without the prefix `basic//`. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** What the world may know of a user. */
export function publicUser({ id, name, email, roles }: UserRecord): User {
  return Object.freeze({ id, name, ...(email !== undefined && { email }), roles: Object.freeze([...roles]) });
}

const digestOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** Opaque access tokens: random, kept as their SHA-256, with an end. */
export class Tokens {
  readonly #cache = new ChangingCache<{ user: User; expiresMs: number }>({ max: 10_000, maxAgeMs: 60_000 });

  constructor(
    readonly records: Pick<RecordStore, 'tokens' | 'users'>,
    readonly lifetimeMs: number,
  ) {}

  async issue(userId: string): Promise<IssuedToken> {
    const now = Date.now();
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now + this.lifetimeMs);
    await this.records.tokens.put({ digest: digestOf(token), userId, expiresAt, createdAt: new Date(now) });
    return { token, expiresAt };
  }

  /** @throws OpenEOError `TokenInvalid` */
  async find(token: string): Promise<User> {
    const digest = digestOf(token);
    const found = await this.#cache.get(digest, async () => {
      const record = await this.records.tokens.get(digest);
      const user = record && (await this.records.users.get(record.userId));
      return user && { user: publicUser(user), expiresMs: record.expiresAt.getTime() };
    });
    if (!found || found.expiresMs <= Date.now()) throw new OpenEOError('TokenInvalid');
    return found.user;
  }

  /** Forget what the store said before. */
  forget(): void {
    this.#cache.clear();
  }
}

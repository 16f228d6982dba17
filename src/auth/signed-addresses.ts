import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { v4 as uuid } from 'uuid';
import type { RecordStore, SigningKeyRecord } from '../store/records/types';
import { ChangingCache } from './changing-cache';

/** A key signs new addresses for so long; afterwards it only verifies those that it signed. */
const rotationMs = 30 * 24 * 3600_000;

/** `{key id}.{expiry}.{signature}`; the expiry in seconds, base 36, the signature in base64url. */
const form = /^([\da-f-]{36})\.([\da-z]{1,9})\.([\w-]{43})$/;

/**
 * Signatures for addresses of clients that cannot send a token. A signature is good for one subject (for
 * example `service:{id}`) until its end, and until the subject's keys are revoked.
 */
export class SignedAddresses {
  readonly #keys = new ChangingCache<SigningKeyRecord>({ max: 10_000, maxAgeMs: 60_000 });

  constructor(readonly records: Pick<RecordStore, 'signingKeys'>) {}

  /** @returns what belongs into the address, for example as the query parameter `signature` */
  async sign(subject: string, ttlSeconds: number): Promise<string> {
    const key = await this.#currentKey(subject);
    const expiry = Math.floor(Date.now() / 1000 + ttlSeconds);
    return `${key.id}.${expiry.toString(36)}.${signature(key, expiry).toString('base64url')}`;
  }

  async verify(subject: string, token: string): Promise<boolean> {
    const [, id, end, given] = form.exec(token) ?? [];
    if (!given) return false;
    const expiry = Number.parseInt(end, 36);
    if (expiry * 1000 <= Date.now()) return false;
    const key = await this.#keys.get(id, () => this.records.signingKeys.get(id));
    if (!key || key.subject !== subject || key.revokedAt) return false;
    return timingSafeEqual(signature(key, expiry), Buffer.from(given, 'base64url'));
  }

  /** Ends every address that was signed for the subject. */
  async revoke(subject: string): Promise<void> {
    const now = new Date();
    for (const { id } of await this.records.signingKeys.list(subject))
      await this.records.signingKeys.revoke(id, now);
    this.forget();
  }

  forget(): void {
    this.#keys.clear();
  }

  async #currentKey(subject: string): Promise<SigningKeyRecord> {
    const [newest] = await this.records.signingKeys.list(subject);
    const now = Date.now();
    if (newest && newest.createdAt.getTime() > now - rotationMs) return newest;
    const key = { id: uuid(), subject, secret: randomBytes(32), createdAt: new Date(now) };
    await this.records.signingKeys.create(key);
    return key;
  }
}

/** When a signature says itself that its time is over; it need not be a good one otherwise. Undefined for what is none. */
export function endOfSignature(token: string): Date | undefined {
  const [, , end] = form.exec(token) ?? [];
  return end === undefined ? undefined : new Date(Number.parseInt(end, 36) * 1000);
}

function signature(key: SigningKeyRecord, expiry: number): Buffer {
  return createHmac('sha256', key.secret).update(`${key.id}\n${expiry}\n${key.subject}`).digest();
}

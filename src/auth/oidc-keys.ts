import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { HttpClient } from '../base/net';

const keysAgeMs = 3600_000;
const retryMs = 30_000;

export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The keys of a provider, found by discovery and fetched again when they are old or a new one turns up. */
export class ProviderKeys {
  #current?: { readonly keys: KeySet; readonly fetchedMs: number };
  #pending?: Promise<KeySet>;
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly issuer: string,
    readonly http: HttpClient,
  ) {}

  /** While the provider is away, the keys that it had before. @throws Error when there are none */
  async get(): Promise<KeySet> {
    const now = Date.now();
    const known = this.#current;
    if (!known) return this.#fetch();
    if (now - known.fetchedMs < keysAgeMs || now - this.#failedMs < retryMs) return known.keys;
    return this.#fetch().catch(() => {
      this.#failedMs = now;
      return known.keys;
    });
  }

  /** After a token with an unknown key: the keys, if they can be newer than the ones at hand. */
  refresh(): Promise<KeySet> | undefined {
    return this.#current && Date.now() - this.#current.fetchedMs < retryMs ? undefined : this.#fetch();
  }

  #fetch(): Promise<KeySet> {
    this.#pending ??= this.#load().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #load(): Promise<KeySet> {
    const base = this.issuer.replace(/\/$/, '');
    const options = { timeoutMs: 10_000, maxBytes: 1 << 20 };
    const document = await this.http.json(`${base}/.well-known/openid-configuration`, options);
    const { issuer, jwks_uri } = document as { issuer?: unknown; jwks_uri?: unknown };
    if (typeof issuer !== 'string' || issuer.replace(/\/$/, '') !== base || typeof jwks_uri !== 'string')
      throw new Error(`The discovery document of ${this.issuer} is not that issuer's`);
    const keys = createLocalJWKSet((await this.http.json(jwks_uri, options)) as JSONWebKeySet);
    this.#current = { keys, fetchedMs: Date.now() };
    return keys;
  }
}

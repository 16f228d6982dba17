import { createHash } from 'node:crypto';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import type { RecordStore, Role, User, UserRecord } from '../store/records/types';
import { publicUser } from './tokens';

/** A provider of OpenID Connect whose access tokens are accepted (a slice of the configuration). */
export interface Provider {
  readonly id: string;
  readonly issuer: string;
  readonly title: string;
  readonly description?: string;
  readonly scopes: readonly string[];
  readonly defaultClients: readonly {
    readonly id: string;
    readonly grantTypes: readonly string[];
    readonly redirectUrls?: readonly string[];
  }[];
  readonly audiences?: readonly string[];
  readonly rolesClaim?: string;
  readonly roles?: Readonly<Record<string, Role>>;
}

/** Signatures by key pairs only: with a shared secret, or none, anyone could sign. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const keysAgeMs = 3600_000;
const retryMs = 30_000;
const clockToleranceSeconds = 30;

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The keys of a provider, found by discovery and fetched again when they are old or a new one turns up. */
class ProviderKeys {
  #current?: { readonly keys: KeySet; readonly fetchedMs: number };
  #pending?: Promise<KeySet>;

  constructor(
    readonly issuer: string,
    readonly http: HttpClient,
  ) {}

  get(): Promise<KeySet> {
    if (this.#current && Date.now() - this.#current.fetchedMs < keysAgeMs)
      return Promise.resolve(this.#current.keys);
    return this.#fetch();
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

/** Verifies access tokens of OpenID Connect providers and keeps their users. */
export class OpenIdConnect {
  readonly #providers: ReadonlyMap<string, { readonly settings: Provider; readonly keys: ProviderKeys }>;
  readonly #verified = new LRUCache<string, { readonly user: User; readonly expiresMs: number }>({
    max: 10_000,
    ttl: 60_000,
  });

  constructor(
    providers: readonly Provider[],
    readonly options: {
      readonly records: Pick<RecordStore, 'users'>;
      readonly http: HttpClient;
      readonly logger: Logger;
    },
  ) {
    this.#providers = new Map(
      providers.map((settings) => [
        settings.id,
        { settings, keys: new ProviderKeys(settings.issuer, options.http) },
      ]),
    );
  }

  /** @throws OpenEOError `TokenInvalid`; `InfrastructureBusy` while the provider cannot be reached */
  async find(providerId: string, token: string): Promise<User> {
    const provider = this.#providers.get(providerId);
    if (!provider) throw new OpenEOError('TokenInvalid');
    const digest = createHash('sha256').update(`${providerId}/${token}`).digest('base64');
    const known = this.#verified.get(digest);
    if (known && known.expiresMs > Date.now()) return known.user;
    const claims = await this.#verify(provider.settings, provider.keys, token);
    const user = publicUser(await this.#keep(provider.settings, claims));
    this.#verified.set(digest, { user, expiresMs: (claims.exp as number) * 1000 });
    return user;
  }

  forget(): void {
    this.#verified.clear();
  }

  async #verify(provider: Provider, keys: ProviderKeys, token: string): Promise<JWTPayload> {
    const verify = async (set: KeySet) => {
      const { payload } = await jwtVerify(token, set, {
        issuer: issuerForms(provider.issuer),
        audience: [...(provider.audiences ?? provider.defaultClients.map(({ id }) => id))],
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    };
    const set = await this.#reach(provider, () => keys.get());
    try {
      let claims: JWTPayload;
      try {
        claims = await verify(set);
      } catch (error) {
        const newer = error instanceof errors.JWKSNoMatchingKey ? keys.refresh() : undefined;
        if (!newer) throw error;
        claims = await verify(await this.#reach(provider, () => newer));
      }
      if (isIdToken(claims))
        throw new errors.JWTClaimValidationFailed('an ID token, not an access token', claims);
      return claims;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      this.options.logger.debug('Token refused', { provider: provider.id, reason: error.message });
      throw new OpenEOError('TokenInvalid', {}, { cause: error });
    }
  }

  async #reach(provider: Provider, fetch: () => Promise<KeySet>): Promise<KeySet> {
    try {
      return await fetch();
    } catch (error) {
      this.options.logger.warning('The keys of an OpenID Connect provider cannot be fetched', {
        provider: provider.id,
        error,
      });
      throw new OpenEOError('InfrastructureBusy', {}, { cause: error, retryAfter: 10 });
    }
  }

  /** Creates the user at the first login and follows what the claims say later. */
  async #keep(provider: Provider, claims: JWTPayload): Promise<UserRecord> {
    const { users } = this.options.records;
    const id = oidcUserId(provider.id, claims.sub as string);
    const present = await users.get(id);
    const wanted: UserRecord = {
      id,
      name: firstText(claims['name'], claims['preferred_username'], present?.name, id),
      ...optionalEmail(firstText(claims['email'], present?.email, '')),
      roles: provider.rolesClaim === undefined ? (present?.roles ?? []) : claimedRoles(provider, claims),
      createdAt: present?.createdAt ?? new Date(),
    };
    if (!present) {
      if (await users.create(wanted)) return wanted;
      return (await users.get(id)) ?? wanted;
    }
    const isEqual =
      present.name === wanted.name &&
      present.email === wanted.email &&
      present.roles.join() === wanted.roles.join();
    if (!isEqual) await users.put(wanted);
    return wanted;
  }
}

/** ID tokens name the same audience; what they alone carry tells them apart. */
function isIdToken(claims: JWTPayload): boolean {
  return claims['at_hash'] !== undefined || claims['c_hash'] !== undefined || claims['typ'] === 'ID';
}

/**
 * The id of a provider's user: `{provider}~{subject}`, within the characters that openEO allows in user ids;
 * other bytes of the subject become `~` and two hexadecimal digits.
 */
export function oidcUserId(provider: string, subject: string): string {
  const bytes = Buffer.from(subject, 'utf8');
  let encoded = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    encoded += /[\w.-]/.test(character) ? character : `~${byte.toString(16).padStart(2, '0')}`;
  }
  return `${provider}~${encoded}`;
}

function claimedRoles(provider: Provider, claims: JWTPayload): Role[] {
  const claim = claimAt(claims, provider.rolesClaim as string);
  const values = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(/[\s,]+/) : [];
  const table = new Map(Object.entries(provider.roles ?? {}));
  const granted = new Set(values.map((value) => table.get(String(value))));
  return (['admin', 'uploader'] as const).filter((role) => granted.has(role));
}

/** A claim by its name, or by its path: Keycloak has `realm_access.roles`. */
function claimAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function firstText(...candidates: unknown[]): string {
  return (candidates.find((value) => typeof value === 'string' && value !== '') as string | undefined) ?? '';
}

function optionalEmail(email: string): { email?: string } {
  return email === '' ? {} : { email };
}

/** Some providers end their issuer with a slash, which openEO forbids in the address of one. */
function issuerForms(issuer: string): string[] {
  const base = issuer.replace(/\/$/, '');
  return [base, `${base}/`];
}

import { createHash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import type { OidcProvider } from '../config/types';
import type { RecordStore, User, UserRecord } from '../store/records/types';
import { ChangingCache } from './changing-cache';
import { claimedRoles, firstText, isIdToken, issuerForms, oidcUserId, optionalEmail } from './oidc-claims';
import { type KeySet, ProviderKeys } from './oidc-keys';
import { publicUser } from './tokens';

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
const clockToleranceSeconds = 30;

/** Verifies access tokens of OpenID Connect providers and keeps their users. */
export class OpenIdConnect {
  readonly #providers: ReadonlyMap<string, { readonly settings: OidcProvider; readonly keys: ProviderKeys }>;
  readonly #verified = new ChangingCache<{ readonly user: User; readonly expiresMs: number }>({
    max: 10_000,
    maxAgeMs: 60_000,
  });

  constructor(
    providers: readonly OidcProvider[],
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
    const found = await this.#verified.get(digest, async () => {
      const claims = await this.#verify(provider.settings, provider.keys, token);
      const user = publicUser(await this.#keep(provider.settings, claims));
      return { user, expiresMs: (claims.exp as number) * 1000 };
    });
    if (!found || found.expiresMs + clockToleranceSeconds * 1000 <= Date.now())
      throw new OpenEOError('TokenInvalid');
    return found.user;
  }

  forget(): void {
    this.#verified.clear();
  }

  async #verify(provider: OidcProvider, keys: ProviderKeys, token: string): Promise<JWTPayload> {
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

  async #reach(provider: OidcProvider, fetch: () => Promise<KeySet>): Promise<KeySet> {
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
  async #keep(provider: OidcProvider, claims: JWTPayload): Promise<UserRecord> {
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

import { isIPv6 } from 'node:net';
import { OpenEOError } from '../base/errors';
import { Limiter } from '../base/limiter';
import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import type { OidcProvider } from '../config/types';
import type { RecordStore, User } from '../store/records/types';
import { type AttemptLimits, Attempts } from './attempts';
import { OpenIdConnect } from './oidc';
import { defaultCost, type PasswordCost, verifyPassword } from './passwords';
import { SignedAddresses } from './signed-addresses';
import { type IssuedToken, Tokens } from './tokens';
import { isUserId, Users } from './users';

export interface AuthOptions {
  readonly records: RecordStore;
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly providers: readonly OidcProvider[];
  /** How long access tokens live; default: a day. */
  readonly tokenLifetimeMs?: number;
  readonly passwordCost?: PasswordCost;
  /** Failed logins from one address; default: 20, one more every 5 seconds. */
  readonly attemptsByAddress?: AttemptLimits;
  /** Failed logins under one name from anywhere; default: 60, one more every second. */
  readonly attemptsByName?: AttemptLimits;
}

/** Who someone is, and what proves it. */
export interface Auth {
  readonly providers: readonly OidcProvider[];
  readonly users: Users;
  /**
   * Exchanges name and password for a token.
   * @throws OpenEOError `CredentialsInvalid`; `TooManyRequests` after many failures
   */
  login(name: string, password: string, address: string): Promise<IssuedToken>;
  /**
   * The user of an `Authorization` header; undefined without one.
   * @throws OpenEOError `AuthenticationSchemeInvalid`, `TokenInvalid`
   */
  authenticate(header: string | undefined): Promise<User | undefined>;
  /** Signs an address; see {@link SignedAddresses}. */
  sign(subject: string, ttlSeconds: number): Promise<string>;
  verify(subject: string, token: string): Promise<boolean>;
  revoke(subject: string): Promise<void>;
  close(): void;
}

/** The forms of bearer tokens: `basic//{token}` and `oidc/{provider}/{token}`. */
const bearerForm = /^Bearer +([^/\s]+)\/([^/\s]*)\/(\S+) *$/i;

export function createAuth(options: AuthOptions): Auth {
  const { records, logger } = options;
  const cost = options.passwordCost ?? defaultCost;
  const tokens = new Tokens(records, options.tokenLifetimeMs ?? 24 * 3600_000);
  const oidc = new OpenIdConnect(options.providers, options);
  const addresses = new SignedAddresses(records);
  const byAddress = new Attempts(options.attemptsByAddress ?? { burst: 20, refillMs: 5000 });
  const byName = new Attempts(options.attemptsByName ?? { burst: 60, refillMs: 1000 });
  // Hashing shares the thread pool with file and image work.
  const hashing = new Limiter(2, 500);

  const stopWatching = records.onChange((topic) => {
    if (topic === 'tokens' || topic === 'users') tokens.forget();
    if (topic === 'users') oidc.forget();
    if (topic === 'signing_keys') addresses.forget();
  });
  const cleaning = setInterval(() => {
    records.tokens
      .removeExpired(new Date())
      .catch((error: Error) => logger.debug('Expired tokens were not removed', { error: error.message }));
  }, 3600_000);
  cleaning.unref();

  return {
    providers: options.providers,
    users: new Users(records, cost),

    login: (name, password, address) =>
      hashing.run(async () => {
        // Other names can't be anybody's; they share one bucket.
        const id = isUserId(name) ? name : '';
        const network = networkOf(address);
        byAddress.check(network);
        byName.check(id);
        const user = id === '' ? undefined : await records.users.get(id);
        if (!(await verifyPassword(password, user?.passwordHash, cost))) {
          byAddress.fail(network);
          byName.fail(id);
          throw new OpenEOError('CredentialsInvalid');
        }
        return tokens.issue(id);
      }),

    async authenticate(header) {
      if (header === undefined) return undefined;
      if (!/^Bearer(?: |$)/i.test(header))
        throw new OpenEOError('AuthenticationSchemeInvalid', { schemes: 'a bearer token' });
      const [, method, provider, token] = bearerForm.exec(header) ?? [];
      if (!token) throw new OpenEOError('TokenInvalid');
      if (method === 'basic' && provider === '') return tokens.find(token);
      if (method === 'oidc' && provider !== '') return oidc.find(provider, token);
      throw new OpenEOError('TokenInvalid');
    },

    sign: (subject, ttlSeconds) => addresses.sign(subject, ttlSeconds),
    verify: (subject, token) => addresses.verify(subject, token),
    revoke: (subject) => addresses.revoke(subject),

    close() {
      stopWatching();
      clearInterval(cleaning);
    },
  };
}

/** One who has an IPv6 address has 2^64 of them: they count as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1];
  // The URL parser writes an address in its one short form; "::" stands for as many zeros as are missing.
  const [head, tail = ''] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname
    .slice(1, -1)
    .split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail)];
  const zeros = new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}

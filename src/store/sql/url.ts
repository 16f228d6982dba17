import { resolve } from 'node:path';
import { redactUrl } from '../../base/addresses';
import { SetupError } from '../../base/errors';

/** Where a SQL store is. The connection string carries the password: it goes to the driver and nowhere else. */
export type StoreLocation =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly connectionString: string };

const accepted = [
  'postgresql://user:password@host:port/database (also postgres:// and postgresql+driver://)',
  'sqlite:///relative/path.db (also sqlite+driver:///…)',
  'sqlite:////absolute/path.db',
  'sqlite:// and sqlite:///:memory: (in memory, one process only)',
  'sqlalchemy://… before any of these, and sqlalchemy://user:password@host/database for PostgreSQL',
];

function refuse(url: string, reason: string): never {
  throw new SetupError(
    `The store address "${redactUrl(url)}" cannot be used: ${reason}. Accepted are:\n- ${accepted.join('\n- ')}`,
  );
}

/** SQLAlchemy's own prefix, of older configurations: what follows is an address by itself, or PostgreSQL's. */
function withoutAlias(url: string): string {
  const alias = /^sqlalchemy(?:\+(?=[a-z0-9+.-]+:\/\/)|:\/\/)/i.exec(url);
  if (!alias) return url;
  const rest = url.slice(alias[0].length);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(rest) ? rest : `postgresql://${rest}`;
}

function parseSqlite(url: string, rest: string): StoreLocation {
  if (rest === '' || rest === '/:memory:') return { dialect: 'sqlite', file: ':memory:' };
  if (!rest.startsWith('/')) refuse(url, 'a SQLite address has no host: three slashes begin a relative path');
  const file = rest.slice(1);
  if (file === '') refuse(url, 'the path of the file is missing');
  if (/[?#]/.test(file)) refuse(url, 'a SQLite address takes no options after ? or #');
  if (file.includes('\0') || file.endsWith('/')) refuse(url, 'the path does not name a file');
  return { dialect: 'sqlite', file: resolve(file) };
}

function parsePostgres(url: string, rest: string): StoreLocation {
  const connectionString = `postgresql://${rest}`;
  let parsed: URL;
  try {
    // Without a host the server's socket is named by the option `host`; URL insists on one after a user.
    parsed = new URL(connectionString.replace('@/', '@localhost/'));
    for (const part of [parsed.username, parsed.password, parsed.pathname, parsed.hostname])
      decodeURIComponent(part);
  } catch {
    // The cause is left out: it repeats the address with its password.
    refuse(
      url,
      'it is not a valid URL; characters such as # / ? % in a password are written percent-encoded',
    );
  }
  if (parsed.pathname.length < 2 || parsed.pathname.indexOf('/', 1) > 0)
    refuse(url, 'the name of the database is missing or holds a slash');
  return { dialect: 'postgres', connectionString };
}

/**
 * Reads the address of a SQL store: PostgreSQL or SQLite, with the aliases of SQLAlchemy.
 * Relative SQLite paths begin at the working directory.
 * @throws SetupError that lists the accepted forms and never shows the password.
 */
export function parseStoreUrl(url: string): StoreLocation {
  const address = withoutAlias(url.trim());
  const match = /^(postgresql|postgres|sqlite)(?:\+[a-z0-9_.-]+)?:\/\/(.*)$/is.exec(address);
  if (!match) refuse(url, 'its scheme is not known');
  const [, scheme, rest] = match;
  return scheme.toLowerCase() === 'sqlite' ? parseSqlite(url, rest) : parsePostgres(url, rest);
}

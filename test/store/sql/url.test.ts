import { resolve } from 'node:path';
import { redactUrl } from '../../../src/base/addresses';
import { parseStoreUrl } from '../../../src/store/sql/url';

const postgres = (rest: string) => ({ dialect: 'postgres', connectionString: `postgresql://${rest}` });

describe('parseStoreUrl', () => {
  test.each([
    ['postgresql://u:p@h:5433/db', postgres('u:p@h:5433/db')],
    ['postgres://u:p@h/db', postgres('u:p@h/db')],
    ['postgresql+asyncpg://u:p@h/db', postgres('u:p@h/db')],
    ['POSTGRESQL+psycopg2://u@h/db?sslmode=require', postgres('u@h/db?sslmode=require')],
    ['postgresql://u:p%40ss%2F%23@h/db', postgres('u:p%40ss%2F%23@h/db')],
    ['postgresql://u:p@[::1]:5432/db', postgres('u:p@[::1]:5432/db')],
    ['postgresql:///db?host=/run/postgresql', postgres('/db?host=/run/postgresql')],
    ['postgresql://u:p@/db?host=/run/postgresql', postgres('u:p@/db?host=/run/postgresql')],
    ['sqlalchemy://postgresql://u:p@h/db', postgres('u:p@h/db')],
    ['sqlalchemy+postgresql+asyncpg://u:p@h/db', postgres('u:p@h/db')],
    ['sqlalchemy://u:p@h/db', postgres('u:p@h/db')],
    ['sqlite:///data/a.db', { dialect: 'sqlite', file: resolve('data/a.db') }],
    ['sqlite:////var/lib/a b.db', { dialect: 'sqlite', file: '/var/lib/a b.db' }],
    ['sqlite+aiosqlite:////x/ü.db', { dialect: 'sqlite', file: '/x/ü.db' }],
    ['sqlite://', { dialect: 'sqlite', file: ':memory:' }],
    ['sqlite:///:memory:', { dialect: 'sqlite', file: ':memory:' }],
    ['sqlalchemy+sqlite:////x/a.db', { dialect: 'sqlite', file: '/x/a.db' }],
    ['sqlalchemy://sqlite:///:memory:', { dialect: 'sqlite', file: ':memory:' }],
  ])('%s', (url, expected) => {
    expect(parseStoreUrl(url)).toEqual(expected);
  });

  test.each([
    'mysql://u:secret@h/db',
    'sqlite:/x.db',
    'sqlite:///',
    'sqlite://u:secret@h/x.db',
    'sqlite:///x.db?mode=ro',
    'postgresql://u:secret@h',
    'postgresql://u:secret@h/',
    'postgresql://u:sec#ret/secret@h/db',
    'postgresql://u:secret%@h/db',
    'postgresql://u:secret@h:port/db',
    'sqlalchemy://sqlalchemy://u:secret@h/db',
    'sqlalchemy://mysql://u:secret@h/db',
    'postgresql:u:secret@h/db',
    'u:secret@h/db',
    '',
  ])('refuses %s without showing a password', (url) => {
    let message = '';
    try {
      parseStoreUrl(url);
    } catch (error) {
      message = `${(error as Error).stack} ${JSON.stringify(error)}`;
      expect((error as Error).cause).toBeUndefined();
    }
    expect(message).toContain('postgresql://user:password@host');
    expect(message).toContain('sqlite:////absolute');
    expect(message).not.toMatch(/secret|sec#|ret\//);
  });
});

test.each([
  ['postgresql://u:p@h/db', 'postgresql://u:***@h/db'],
  ['postgresql://u:p@ss:w/o@rd@h/db', 'postgresql://u:***@h/db'],
  ['sqlalchemy://postgresql://u:p@h/db', 'sqlalchemy://postgresql://u:***@h/db'],
  ['postgresql://h/db?password=p&sslmode=require', 'postgresql://h/db?password=***&sslmode=require'],
  ['u:p@h', 'u:***@h'],
  ['sqlite:///a.db', 'sqlite:///a.db'],
])('redactUrl(%s)', (url, expected) => {
  expect(redactUrl(url)).toBe(expected);
});

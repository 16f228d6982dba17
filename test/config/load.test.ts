import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config/load';
import { options } from '../../src/config/options';
import { printableConfig } from '../../src/config/printable';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function problems(sources: Parameters<typeof loadConfig>[0]): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('defaults need nothing', () => {
  const config = loadConfig();
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    tileStoreUrl: undefined,
    logLevel: 'info',
    trustProxy: false,
  });
  expect(config.storeUrl).toBe(`sqlite:///${join(process.cwd(), 'data/tilegraph.db')}`);
  expect(Object.isFrozen(config.limits)).toBe(true);
});

test('flags win over environment over file over defaults', () => {
  const path = file({ port: 1, host: 'file', logLevel: 'debug' });
  const config = loadConfig({
    flags: { port: '3' },
    environment: { PORT: '2', HOST: 'environment', TILEGRAPH_CONFIG: path },
    defaults: { logLevel: 'error', adminUser: 'root' },
  });
  expect(config).toMatchObject({ port: 3, host: 'environment', logLevel: 'debug', adminUser: 'root' });
});

test('lists, sizes, booleans and JSON are read from text', () => {
  const config = loadConfig({
    environment: {
      TILEGRAPH_COLLECTIONS: 'https://a.example/c.json, /data/b.json',
      TILEGRAPH_FILES_QUOTA: '2 GiB',
      TILEGRAPH_LIMIT_BODY: '1MB',
      TILEGRAPH_LIMIT_JOBS: '7',
      TILEGRAPH_LIMIT_SERVICES: '0',
      TILEGRAPH_TRUST_PROXY: 'true',
      TILEGRAPH_PUBLIC_URL: 'https://maps.example/tiles/',
      TILEGRAPH_OIDC_PROVIDERS: '[{"id":"egi","issuer":"https://idp.example","title":"EGI"}]',
    },
  });
  expect(config.collections).toEqual(['https://a.example/c.json', '/data/b.json']);
  expect(config.filesQuotaBytes).toBe(2 * 1024 ** 3);
  expect(config.limits.bodyBytes).toBe(1e6);
  expect(config.kept).toEqual({ jobs: 7, services: undefined, storedProcesses: 1000 });
  expect(config.trustProxy).toBe(true);
  expect(config.publicUrl).toBe('https://maps.example/tiles');
  expect(config.oidcProviders[0]).toMatchObject({ id: 'egi', scopes: ['openid'], defaultClients: [] });
});

test('every wrong or unknown key is named as it was written, with what is accepted', () => {
  const found = problems({
    flags: { prot: '1', port: 'many' },
    environment: {
      TILEGRAPH_LOG_LEVEL: 'loud',
      TILEGRAPH_LIMIT_NODE: '3',
      TILEGRAPH_OIDC_PROVIDERS: '{',
      TILEGRAPH_TLS_KEY: 'key.pem',
    },
    file: file({ hots: 'x', limitSeconds: -1 }),
  }).join('\n');
  expect(found).toMatch(/--prot is unknown; accepted are --host, --port/);
  expect(found).toMatch(/--port must be integer/);
  expect(found).toMatch(
    /TILEGRAPH_LOG_LEVEL must be equal to one of the allowed values: error, warning, info, debug/,
  );
  expect(found).toMatch(/TILEGRAPH_LIMIT_NODE is unknown/);
  expect(found).toMatch(/TILEGRAPH_OIDC_PROVIDERS must be JSON/);
  expect(found).toMatch(/tlsKey and tlsCert/);
  expect(found).toMatch(/hots in .* is unknown/);
  expect(found).toMatch(/limitSeconds in .* must be > 0/);
});

test('a file that is missing, broken or no object is named', () => {
  expect(problems({ file: join(folder, 'none.json') })[0]).toMatch(/none\.json cannot be read/);
  expect(problems({ file: file('{') })[0]).toMatch(/cannot be read/);
  expect(problems({ file: file('[]') })[0]).toMatch(/must hold one JSON object/);
});

test('the tile store is also known by the name that titiler-openeo uses', () => {
  const url = 'sqlite:///tiles.db';
  expect(loadConfig({ environment: { TITILER_OPENEO_TILE_STORE_URL: url } }).tileStoreUrl).toBe(url);
  expect(
    loadConfig({ environment: { TITILER_OPENEO_TILE_STORE_URL: url, TILEGRAPH_TILE_STORE_URL: url } })
      .tileStoreUrl,
  ).toBe(url);
  expect(
    problems({
      environment: { TITILER_OPENEO_TILE_STORE_URL: url, TILEGRAPH_TILE_STORE_URL: 'sqlite:///other.db' },
    })[0],
  ).toMatch(/different values/);
});

test('printing hides secrets', () => {
  const config = loadConfig({
    environment: {
      TILEGRAPH_STORE_URL: 'postgresql://u:s3cret@more-s3cret@h/db',
      TILEGRAPH_TILE_STORE_URL: 'postgresql://h/tiles?password=s3cret',
      TILEGRAPH_OBJECT_STORE_URL: 'file:///data/a@b',
      TILEGRAPH_ADMIN_PASSWORD: 'swordfish',
      TILEGRAPH_COLLECTIONS: 'https://stac.example/c.json?sig=s3cret',
      TILEGRAPH_JOB_WEBHOOKS: 'https://u:s3cret@hooks.example/x?key=s3cret',
      TILEGRAPH_JOB_WEBHOOK_SECRET: 's3cret of sixteen letters',
    },
  });
  const printed = JSON.stringify(printableConfig(config));
  expect(printed).not.toMatch(/s3cret|swordfish/);
  expect(printed).toContain('file:///data/a@b');
  expect(printed).toContain('https://stac.example/c.json');
  expect(printed).toMatch(/postgresql:\/\/u:\*\*\*@h\/db/);
});

test('every setting has a description, and names do not collide', () => {
  expect(options.every((option) => option.description.length > 10)).toBe(true);
  expect(new Set(options.map((option) => option.variable)).size).toBe(options.length);
});

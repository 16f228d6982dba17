// The tile catalogue over HTTP: serving tiles from memory against one worker of nginx that serves the same files,
// inventories against the same SQL, uploads. Ratios within one run count.
//   node test/bench/catalogue.cjs [--dist folder] [--rows 1000000] [--requests 20000] [--buffers 128MB]
//     [--only serving|inventory|uploads]
const { execFileSync } = require('node:child_process');
const { mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { Client } = require('pg');
const sharp = require('sharp');
const { request } = require('undici');
require('../support/typescript.cjs');
const { selfSigned, startNginx } = require('./support/nginx.cjs');
const { startServer } = require('./support/server.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    rows: { type: 'string', default: '1000000' },
    requests: { type: 'string', default: '20000' },
    // What PostgreSQL keeps in memory; 128MB is its default.
    buffers: { type: 'string', default: '128MB' },
    only: { type: 'string' },
  },
});
const load = (file) => require(path.join(options.dist, 'src', file));
const { locationHash, tileId, tileCentre, tileSizeMeters } = load('tiles/identity.js');
const { openTileStore } = load('store/tiles/open.js');
const { silentLogger } = load('base/logger.js');
const pgStatements = load('store/tiles/postgres/catalogue-statements.js');
const sqliteStatements = load('store/tiles/sqlite/catalogue-statements.js');
const { startPostgres } = require('../support/postgres.ts');

const rounds = 3;
/** Of requests for tiles, after two that warm up: machines and compilers take their time. */
const servingRounds = 9;
const tileCount = 64;
const zoom = 14;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const percentile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)];
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);

/** A picture of about 20 KiB. */
async function picture(seed) {
  const size = 256;
  const data = Buffer.alloc(size * size * 3);
  let state = seed + 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = 100 + 60 * Math.sin(i / 3000) + (state >>> 26);
  }
  return sharp(data, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: 82 })
    .toBuffer();
}

async function upload(server, entries, files) {
  const form = new FormData();
  form.set('metadata', JSON.stringify(entries));
  for (const file of files) form.append('files', new Blob([file]), 'tile.jpg');
  const headers = { authorization: `Bearer ${server.token}` };
  const response = await fetch(`${server.url}/api/satellite/upload`, { method: 'POST', headers, body: form });
  const text = await response.text();
  if (!response.ok || /"error"/.test(text)) throw new Error(`${response.status} ${text}`);
}

const entry = (x, y, more = {}) => ({
  ...{ z: zoom, x, y, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z', ...more },
});

/** Requests per second and CPU microseconds per request; every request must succeed. */
function h2load(protocol, base, { cpuMs, list, requests, headers = [] }) {
  const clients = protocol === 'h1' ? ['--h1', '-c', '16'] : ['-c', '4', '-m', '100'];
  const before = cpuMs();
  const output = execFileSync(
    'h2load',
    [...clients, '-n', String(requests), '-i', list, '-B', base, ...headers.flatMap((each) => ['-H', each])],
    { encoding: 'utf8' },
  );
  const cpu = cpuMs() - before;
  const [, succeeded] = /(\d+) succeeded/.exec(output);
  if (Number(succeeded) !== requests) throw new Error(output);
  return { perSecond: Number(/([\d.]+) req\/s/.exec(output)[1]), cpuMicros: (cpu * 1000) / requests };
}

async function serving() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tilegraph-bench-catalogue-'));
  const certificate = selfSigned(folder);
  const shared = {
    TILEGRAPH_TILE_STORE_URL: `sqlite:///${folder}/tiles.db`,
    TILEGRAPH_OBJECT_STORE_URL: `file://${folder}/objects`,
    TILEGRAPH_STORE_URL: `sqlite:///${folder}/records.db`,
    TILEGRAPH_TILES_PUBLIC: 'true',
  };
  const clear = await startServer(options.dist, shared);
  let bytes = 0;
  for (let index = 0; index < tileCount; index++) {
    const file = await picture(index);
    bytes += file.length;
    await upload(clear, [entry(index, 5)], [file]);
  }
  const cold = await startServer(options.dist, { ...shared, TILEGRAPH_TILE_CACHE: '0' });
  const secure = await startServer(options.dist, {
    ...shared,
    ...{ TILEGRAPH_TLS_KEY: certificate.key, TILEGRAPH_TLS_CERT: certificate.cert },
  });
  const nginx = await startNginx(
    `${folder}/objects/tiles/google_maps`,
    certificate,
    21000 + (process.pid % 20000),
  );
  const list = path.join(folder, 'list');
  const listOf = (extension) => {
    const file = `${list}${extension}`;
    const paths = Array.from({ length: tileCount }, (_, x) => `/tiles/${zoom}/${x}/5${extension}`);
    writeFileSync(file, `${paths.join('\n')}\n`);
    return file;
  };
  const [ours, theirs] = [listOf(''), listOf('.jpg')];
  const requests = Number(options.requests);
  const rival = (protocol) => `${protocol === 'h2' ? 'https' : 'http'}://127.0.0.1:${nginx.ports[protocol]}`;
  const cases = [
    ['200, in memory', 'h1', clear, []],
    ['200, in memory', 'h2c', clear, []],
    ['200, in memory', 'h2', secure, []],
    ['304, in memory', 'h2c', clear, ['if-none-match: *']],
    ['304, in memory', 'h2', secure, ['if-none-match: *']],
    ['200, nothing in memory', 'h2c', cold, []],
  ];
  console.log(
    `Tiles of ${Math.round(bytes / tileCount / 102.4) / 10} KiB, ${requests} requests, median of ${servingRounds}\n`,
  );
  row(
    'answer',
    'protocol',
    'requests/s',
    'CPU µs',
    'nginx requests/s',
    'CPU µs',
    'ratio of requests',
    'ratio of CPU',
  );
  row('---', '---', '---', '---', '---', '---', '---', '---');
  for (const [name, protocol, server, headers] of cases) {
    const results = { own: [], nginx: [] };
    const count = server === cold ? requests / 4 : requests;
    const own = () =>
      h2load(protocol, server.url, { cpuMs: server.cpuMs, list: ours, requests: count, headers });
    const other = () =>
      h2load(protocol, rival(protocol), { cpuMs: nginx.cpuMs, list: theirs, requests: count, headers });
    for (let round = 0; round < 2; round++) {
      own();
      other();
    }
    for (let round = 0; round < servingRounds; round++) {
      results.own.push(own());
      results.nginx.push(other());
    }
    const of = (who, what) => median(results[who].map((each) => each[what]));
    row(
      ...[name, protocol, Math.round(of('own', 'perSecond')), Math.round(of('own', 'cpuMicros'))],
      ...[Math.round(of('nginx', 'perSecond')), Math.round(of('nginx', 'cpuMicros'))],
      (of('own', 'perSecond') / of('nginx', 'perSecond')).toFixed(2),
      (of('nginx', 'cpuMicros') / of('own', 'cpuMicros')).toFixed(2),
    );
  }
  console.log(
    `\nPeak of memory while serving: ${Math.round(clear.peakMiB())} MiB (clear text), ${Math.round(secure.peakMiB())} MiB (TLS)`,
  );
  for (const part of [clear, cold, secure, nginx]) await part.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Rows of two sources at each of half as many cells, in an order that scatters them. */
async function seed(sql, count) {
  const columns =
    'id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters, tile_size_pixels, image_type, file_path, source, flight_id, captured_at, location_hash, content_sha256, byte_count';
  const flight = '00000000-0000-4000-8000-000000000001';
  const side = Math.ceil(Math.sqrt(count / 2));
  const rowAt = (index, isPostgres) => {
    const place = (((index >> 1) * 7919) % (side * side)) | 0;
    const tile = { z: 18, x: 100_000 + (place % side), y: 100_000 + Math.floor(place / side) };
    const source = index % 2 === 0 ? 'google_maps' : 'uav';
    const flightId = source === 'uav' ? flight : null;
    const { latitude, longitude } = tileCentre(tile);
    const captured = 1.7e15 + index * 1e6;
    return [
      ...[
        tileId(tile, source, flightId ?? undefined),
        18,
        tile.x,
        tile.y,
        latitude,
        longitude,
        tileSizeMeters(tile),
      ],
      ...[256, 'jpeg', `${source}/18/${tile.x}/${tile.y}.jpg`, source, flightId],
      isPostgres ? new Date(captured / 1000).toISOString() : captured,
      ...[locationHash(tile), isPostgres ? '\\x00' : Buffer.alloc(32), 20_000],
    ];
  };
  if (sql.sqlite) {
    const insert = sql.sqlite.prepare(
      `insert or ignore into tiles (${columns}) values (${Array(16).fill('?').join(', ')})`,
    );
    sql.sqlite.transaction(() => {
      for (let index = 0; index < count; index++) insert.run(...rowAt(index, false));
    })();
    sql.sqlite.exec('analyze');
  } else {
    const types =
      'uuid int int int float8 float8 float8 int text text text uuid timestamptz uuid bytea bigint'.split(
        ' ',
      );
    const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
    for (let from = 0; from < count; from += 10_000) {
      const rows = Array.from({ length: Math.min(10_000, count - from) }, (_, index) =>
        rowAt(from + index, true),
      );
      const values = types.map((_, column) => rows.map((each) => each[column]));
      await sql.pg.query(
        `insert into tiles (${columns}) select * from unnest(${arrays}) on conflict do nothing`,
        values,
      );
    }
    await sql.pg.query('vacuum analyze tiles');
  }
  return { side };
}

/** Half of them in the seeded square, half beside it. */
function cellsToAsk(count, side) {
  return Array.from({ length: count }, (_, index) => ({
    z: 18,
    x: 100_000 + Math.floor(Math.random() * side) + (index % 2) * side,
    y: 100_000 + Math.floor(Math.random() * side),
  }));
}

/** Asks for an inventory; resolves to the milliseconds that it took. */
async function askInventory(server, tiles) {
  const body = JSON.stringify({ tiles });
  const headers = { 'content-type': 'application/json' };
  const asked = performance.now();
  const answer = await request(`${server.url}/api/satellite/tiles/inventory`, {
    method: 'POST',
    headers,
    body,
  });
  const text = await answer.body.text();
  const took = performance.now() - asked;
  if (answer.statusCode !== 200) throw new Error(text);
  return took;
}

/** So many rounds warm up both. */
const warmUps = 13;

async function warmInventory(name, server, side, ask) {
  for (const size of [2500, 5000]) {
    const times = { http: [], sql: [] };
    for (let round = 0; round < warmUps + 50; round++) {
      const took = await askInventory(server, cellsToAsk(size, side));
      // Other cells: the pages of the same ones would have been read already.
      const hashes = cellsToAsk(size, side).map(locationHash);
      const queried = performance.now();
      const rows = await ask(hashes);
      const done = performance.now();
      if (rows.length === 0 || rows.length > size) throw new Error(`${rows.length} rows`);
      if (round < warmUps) continue;
      times.http.push(took);
      times.sql.push(done - queried);
    }
    const ms = (who, part) => percentile(times[who], part).toFixed(1);
    row(
      name,
      size,
      ms('http', 0.5),
      ms('http', 0.95),
      ms('sql', 0.5),
      ms('sql', 0.95),
      (percentile(times.http, 0.5) / percentile(times.sql, 0.5)).toFixed(2),
    );
  }
}

/** The system forgets what it keeps of the files below a folder. */
function dropPages(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      execFileSync('dd', [`if=${path.join(entry.parentPath, entry.name)}`, 'iflag=nocache', 'count=0'], {
        stdio: 'ignore',
      });
}

/** The first request of a server that has just started, on a database whose pages are all on the disk. */
async function coldInventory(name, start, side, forget) {
  for (const size of [2500, 5000]) {
    const times = [];
    for (let round = 0; round < rounds; round++) {
      await forget();
      const server = await start();
      times.push(await askInventory(server, cellsToAsk(size, side)));
      await server.stop();
    }
    row(name, size, Math.round(median(times)));
  }
}

async function withDatabases(work) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tilegraph-bench-catalogue-'));
  const postgres = await startPostgres(process.pid, [`shared_buffers=${options.buffers}`]);
  const url = `sqlite:///${folder}/tiles.db`;
  for (const each of [url, postgres.url]) await (await openTileStore(each, { logger: silentLogger })).close();
  await work({ sqlite: { url, folder }, postgres });
  await postgres.remove();
  rmSync(folder, { recursive: true, force: true });
}

function inventory() {
  const count = Number(options.rows);
  console.log(
    `${count.toLocaleString('en')} rows; ms over HTTP against the same SQL in the same run; PostgreSQL with ${options.buffers} of buffers\n`,
  );
  return withDatabases(async ({ sqlite, postgres }) => {
    const connect = async () => {
      const pg = new Client({ connectionString: postgres.url });
      await pg.connect();
      await pg.query('set enable_seqscan = off');
      return pg;
    };
    const open = () => {
      const database = require('better-sqlite3')(`${sqlite.folder}/tiles.db`);
      database.pragma('journal_mode = wal');
      return database;
    };
    const start = (url) =>
      startServer(options.dist, { TILEGRAPH_TILE_STORE_URL: url, TILEGRAPH_TILES_PUBLIC: 'true' });
    const [pg, database] = [await connect(), open()];
    const { side } = await seed({ pg }, count);
    await seed({ sqlite: database }, count);
    row('database', 'cells', 'p50', 'p95', 'SQL p50', 'SQL p95', 'ratio');
    row('---', '---', '---', '---', '---', '---', '---');
    const onPostgres = await start(postgres.url);
    await warmInventory(
      'PostgreSQL',
      onPostgres,
      side,
      async (hashes) => (await pg.query({ ...pgStatements.byHashes, values: [hashes] })).rows,
    );
    await onPostgres.stop();
    const onSqlite = await start(sqlite.url);
    const statement = database.prepare(sqliteStatements.byHashes);
    await warmInventory('SQLite', onSqlite, side, async (hashes) => statement.all(JSON.stringify(hashes)));
    await onSqlite.stop();
    await pg.end();
    database.close();
    console.log('\nCold: the first request of a new server, the database’s pages on the disk\n');
    row('database', 'cells', 'ms');
    row('---', '---', '---');
    await coldInventory(
      'PostgreSQL',
      () => start(postgres.url),
      side,
      async () => {
        await postgres.stop();
        dropPages(postgres.folder);
        await postgres.restart();
      },
    );
    await coldInventory(
      'SQLite',
      () => start(sqlite.url),
      side,
      () => dropPages(sqlite.folder),
    );
  });
}

function uploads() {
  console.log('Tiles of about 20 KiB, 8 clients\n');
  row('database', 'files per form', 'tiles/s', 'CPU ms per tile');
  row('---', '---', '---', '---');
  return withDatabases(async (databases) => {
    const files = await Promise.all(Array.from({ length: 16 }, (_, index) => picture(index)));
    for (const [name, { url }] of Object.entries(databases)) {
      const server = await startServer(options.dist, { TILEGRAPH_TILE_STORE_URL: url });
      let y = 10;
      for (const perForm of [1, 20]) {
        const forms = perForm === 1 ? 400 : 40;
        let next = 0;
        y++;
        const before = server.cpuMs();
        const started = performance.now();
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            while (next < forms) {
              const form = next++;
              const entries = Array.from({ length: perForm }, (_, index) => entry(form * perForm + index, y));
              await upload(
                server,
                entries,
                entries.map((_, index) => files[(form + index) % files.length]),
              );
            }
          }),
        );
        const seconds = (performance.now() - started) / 1000;
        const count = forms * perForm;
        row(name, perForm, Math.round(count / seconds), ((server.cpuMs() - before) / count).toFixed(2));
      }
      await server.stop();
    }
  });
}

(async () => {
  const parts = { serving, inventory, uploads };
  for (const [name, part] of Object.entries(parts)) {
    if (options.only && options.only !== name) continue;
    console.log(`### ${name}\n`);
    await part();
    console.log('');
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

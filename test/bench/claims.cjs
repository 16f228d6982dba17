// Claims per second with 64 claimers, against a bare INSERT … ON CONFLICT DO NOTHING of free cells that it is told
// into a table of the same shape and fill on the same database in the same run: ratios count, rates depend on the machine.
// With one free cell the time counts until all 64 claims have ended, 63 of them refused: against 64 bare inserts of that
// very cell, which they are told.
//   node test/bench/claims.cjs [--dist folder] [--large] [--only text] [--wait]     --large: 4096 × 4096 also nearly full (minutes);
//   --only: rows whose database, range and size, as "SQLite 90 % full 100", contain the text; --wait: for a line on
//   the standard input between building and measuring
const { mkdtempSync, rmSync } = require('node:fs');
const { once } = require('node:events');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { Client } = require('pg');
require('../support/typescript.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    large: { type: 'boolean' },
    only: { type: 'string', default: '' },
    wait: { type: 'boolean' },
  },
});
const load = (file) => require(path.join(options.dist, 'src', file));
const { openTileStore } = load('store/tiles/open.js');
const { openSql } = load('store/sql/open.js');
const { silentLogger } = load('base/logger.js');
const { startPostgres } = require('../support/postgres.ts');

const claimers = 64;
const zoom = 12;
/** Small areas are measured one after the other in many services, so that a round's claims hardly change the fill. */
const claimsPerService = 100;
const serviceAt = (index) => `3f0c2a52-6f0f-4f0e-9b53-${String(index).padStart(12, '0')}`;
const serviceOf = (index, services) => serviceAt(Math.floor(index / claimsPerService) % services);
/** Rounds in which little is free are short, and undone after each. */
const roundsOf = ({ isScarce }) => (isScarce ? 15 : 3);

const columns = 'service_id, z, x, y, user_id, stage, claimed_at, updated_at';
const shape = (table) => ({
  postgres: `create table ${table} (like tile_assignments including all)`,
  sqlite: `create table ${table} (service_id text not null, z integer not null, x integer not null, y integer not null,
    user_id text not null, stage text not null, data text, claimed_at integer not null, updated_at integer not null,
    primary key (service_id, z, x, y), check (stage in ('claimed', 'submitted'))) without rowid;
    create unique index ${table}_user on ${table} (service_id, user_id)`,
});

/** The cells in the order in which they are filled: scattered, each once. */
const cellAt = (index, size) => (index * 7919 + 13) % (size * size);

/** All but `free` cells of size × size of a service, the free ones at scattered places, and their blocks. */
function seedTexts(dialect, size, free, serviceId) {
  const cells = size * size;
  const count = cells - free;
  const now = dialect === 'postgres' ? 'now()' : '0';
  const series =
    dialect === 'postgres'
      ? `generate_series(0, ${count - 1}) g (i)`
      : `(with recursive g (i) as (select 0 union all select i + 1 from g where i < ${count - 1}) select i from g) g`;
  const bit = (x, y) => `(((${y}) & 7) * 8 + ((${x}) & 7))`;
  const one = dialect === 'postgres' ? '1::bigint' : '1';
  const join = dialect === 'postgres' ? 'bit_or' : 'sum';
  const texts = [
    `insert into tile_assignments (${columns}) select '${serviceId}', ${zoom}, c % ${size} as x, c / ${size} as y,
       'seed' || (100000000 + c % ${size} * ${size} + c / ${size}), 'claimed', ${now}, ${now}
     from (select (${dialect === 'postgres' ? 'g.i::bigint' : 'g.i'} * 7919 + 13) % ${cells} as c from ${series}) s order by x, y`,
    `insert into tile_blocks (service_id, z, level, x, y, mask)
     select '${serviceId}', ${zoom}, 1, x >> 3, y >> 3, ${join}(${one} << ${bit('x', 'y')}) from tile_assignments where service_id = '${serviceId}' group by x >> 3, y >> 3`,
  ];
  for (let level = 2; level <= 4; level++)
    texts.push(`insert into tile_blocks (service_id, z, level, x, y, mask)
     select '${serviceId}', ${zoom}, ${level}, x >> 3, y >> 3, ${join}(${one} << ${bit('x', 'y')})
     from tile_blocks where service_id = '${serviceId}' and level = ${level - 1} and mask = -1 group by x >> 3, y >> 3`);
  return texts;
}

/** Takes as long as it needs, which the store's own connections don't. */
async function execute(sql, text) {
  if (sql.dialect === 'sqlite') {
    sql.database.exec(text);
    return;
  }
  const client = new Client({ connectionString: sql.connectionString });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

/** 64 at a time until `count` are done; answers calls per second. */
async function rate(count, call) {
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: claimers }, async () => {
      while (next < count) await call(next++);
    }),
  );
  return { perSecond: (count / (performance.now() - start)) * 1000, ms: performance.now() - start };
}

let serial = 0;

/** A copy of the assignments, and inserts of cells that are free there. */
async function bareTable(sql, { size, free, services, isScarce }) {
  const table = `bare${++serial}`;
  await execute(sql, shape(table)[sql.dialect]);
  await execute(
    sql,
    `insert into ${table} (${columns}) select ${columns} from tile_assignments where user_id like 'seed%'`,
  );
  if (sql.dialect === 'postgres') await execute(sql, `vacuum analyze ${table}`);
  const values = (run, index) => {
    // Each free cell once, whatever the service; the only one for everybody.
    const rank = services === 1 ? index + run * 8000 : (index % claimsPerService) + run * claimsPerService;
    const cell = cellAt(size * size - free + (rank % free), size);
    return [
      ...[serviceOf(index, services), zoom, cell % size, Math.floor(cell / size), `user${run}-${index}`],
      ...(sql.dialect === 'postgres' ? [] : [Date.now(), Date.now()]),
    ];
  };
  const text =
    sql.dialect === 'postgres'
      ? `insert into ${table} (${columns}) values ($1, $2, $3, $4, $5, 'claimed', now(), now()) on conflict do nothing`
      : `insert into ${table} (${columns}) values (?, ?, ?, ?, ?, 'claimed', ?, ?) on conflict do nothing`;
  let runs = 0;
  return async (count) => {
    const run = runs++;
    const result = await rate(count, (index) =>
      sql.dialect === 'postgres'
        ? sql.query({ name: table, text, values: values(run, index) })
        : sql.run(() => sql.prepare(text).run(...values(run, index))),
    );
    // Not by LIKE, for which SQLite would read the whole table.
    if (isScarce)
      await execute(
        sql,
        `delete from ${table} where service_id = '${serviceAt(0)}' and user_id >= 'user' and user_id < 'uses'`,
      );
    return result;
  };
}

async function claimRate(store, { size, services }, count, service) {
  const run = ++serial;
  let refused = 0;
  const won = [];
  const claim = (index) =>
    store.assignments.claim({
      serviceId: service ?? serviceOf(index, services),
      userId: `claimer${run}-${index}`,
      actorId: `claimer${run}-${index}`,
      zoom,
      xRange: [0, size - 1],
      yRange: [0, size - 1],
    });
  const result = await rate(count, async (index) => {
    try {
      won.push(await claim(index));
    } catch (error) {
      if (error.code !== 'NoTileAvailable') throw error;
      refused++;
    }
  });
  return { ...result, refused, won };
}

/** What takes long to build can so be built beside other work, and measured while nothing else runs. */
async function nextLine() {
  process.stderr.write('ready\n');
  await once(process.stdin, 'data');
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** One fill of one size: in each round the bare insert, then the claims. */
async function measure(database, { label, size, free, count, services = 1 }) {
  const isScarce = free < size * size * 0.01;
  const area = { size, free, services, isScarce };
  const { url, drop } = await database();
  const store = await openTileStore(url, { logger: silentLogger });
  const sql = await openSql(url, { migrations: 'tiles', logger: silentLogger });
  // As much as the store takes.
  if (sql.dialect === 'sqlite') sql.database.pragma('cache_size = -65536');
  try {
    if (free < size * size)
      for (let index = 0; index < services; index++)
        for (const text of seedTexts(sql.dialect, size, free, serviceAt(index))) await execute(sql, text);
    if (sql.dialect === 'postgres') await execute(sql, 'vacuum analyze');
    const bareRate = await bareTable(sql, area);
    await bareRate(500);
    // Connections are made and statements planned before the clock runs.
    await claimRate(store, { size: 100 }, 1000, 'warm-up');
    await claimRate(store, { size: 3 }, 100, 'full');
    if (options.wait) await nextLine();
    const pairs = [];
    for (let round = 0; round < roundsOf(area); round++) {
      const bare = await bareRate(count);
      const claims = await claimRate(store, area, count);
      if (free === 1 && claims.refused !== count - 1)
        throw new Error(`${claims.refused} claims were refused`);
      pairs.push([bare, claims]);
      if (isScarce)
        await Promise.all(
          claims.won.map(({ serviceId, userId }) => store.assignments.release(serviceId, userId, userId)),
        );
    }
    const bare = median(pairs.map(([{ perSecond }]) => perSecond));
    const claims = median(pairs.map(([, { perSecond }]) => perSecond));
    const ratio = median(pairs.map(([one, other]) => other.perSecond / one.perSecond));
    return [
      label,
      `${size} × ${size}`,
      claims.toFixed(0),
      bare.toFixed(0),
      ratio.toFixed(2),
      median(pairs.map(([one]) => one.ms)).toFixed(1),
      median(pairs.map(([, { ms }]) => ms)).toFixed(1),
    ];
  } finally {
    await store.close();
    await sql.close();
    await drop();
  }
}

const scenarios = [
  ...[100, 1000, 4096].map((size) => ({
    label: 'empty',
    size,
    free: size * size,
    services: size === 100 ? 40 : 1,
    count: 4000,
  })),
  { label: 'half full', size: 100, free: 5000, services: 40, count: 4000 },
  { label: 'half full', size: 1000, free: 500_000, count: 4000 },
  { label: '90 % full', size: 100, free: 1000, services: 40, count: 4000 },
  { label: '90 % full', size: 1000, free: 100_000, count: 4000 },
  { label: '99.9 % full', size: 1000, free: 1000, count: 300 },
  { label: 'one free, 64 claims', size: 100, free: 1, count: 64 },
  { label: 'one free, 64 claims', size: 1000, free: 1, count: 64 },
  ...(options.large
    ? [
        { label: '90 % full', size: 4096, free: 1_677_722, count: 4000 },
        { label: '99.9 % full', size: 4096, free: 16_777, count: 1000 },
        { label: 'one free, 64 claims', size: 4096, free: 1, count: 64 },
      ]
    : []),
];

async function main() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tilegraph-bench-'));
  const server = await startPostgres();
  const databases = {
    PostgreSQL: () => server.createDatabase(),
    SQLite: async () => ({ url: `sqlite:///${folder}/${++serial}.db`, drop: async () => {} }),
  };
  console.log('| database | range | cells | claims/s | bare inserts/s | ratio | bare, ms | claims, ms |');
  console.log('|---|---|---|---|---|---|---|---|');
  try {
    for (const [name, database] of Object.entries(databases))
      for (const scenario of scenarios)
        if (`${name} ${scenario.label} ${scenario.size} `.includes(options.only))
          console.log(`| ${[name, ...(await measure(database, scenario))].join(' | ')} |`);
  } finally {
    process.stdin.unref?.();
    await server.remove();
    rmSync(folder, { recursive: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

// Jobs per second and the latency of their start, for each engine, against a bare pg-boss queue whose handler does
// nothing either, in the same run: ratios count, rates depend on the machine.
//   node test/bench/jobs.cjs [--dist folder] [--jobs 1000] [--only 'embedded;pg-boss, ']
// `--only` measures the rows whose names begin so.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
require('../support/typescript.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    jobs: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
});
const load = (file) => require(path.join(options.dist, 'src', file));
const { createJobs } = load('jobs/jobs.js');
const { openObjectStore } = load('store/objects/open.js');
const { openRecordStore } = load('store/records/open.js');
const { silentLogger } = load('base/logger.js');
const { startPostgres } = require('../support/postgres.ts');

const count = Number(options.jobs);
const starts = 40;
const concurrency = 8;
const user = { id: 'ann', name: 'Ann', roles: [] };
const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)];

async function measure(url, engine, folder) {
  const records = await openRecordStore(url, { logger: silentLogger });
  const objects = await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
  await records.users.put({ ...user, createdAt: new Date() });
  let onRun = () => {};
  const jobs = createJobs({
    engine,
    parts: { records, objects },
    ...{ records, logger: silentLogger, pauseMs: 1000, retention: { resultMs: 0, logMs: 0 } },
    settings: { concurrency, perUser: 1000, perType: {}, leaseMs: 30_000, pollMs: 1000 },
    types: [
      {
        id: 'batch',
        payload: { type: 'object' },
        retry: { attempts: 1, delayMs: 1 },
        run: async () => onRun(),
      },
    ],
  });
  await jobs.engine.start();
  const create = () => jobs.manager.create(user, { type: 'batch', process: { process_graph: {} } });
  const allRun = (wanted) =>
    new Promise((resolve) => {
      let runs = 0;
      onRun = () => {
        if (++runs === wanted) resolve(performance.now());
      };
    });
  const latencies = [];
  for (let n = 0; n < starts + 5; n++) {
    const { id } = await create();
    const ran = allRun(1);
    const since = performance.now();
    await jobs.manager.start(user, id);
    // The first ones connect and compile.
    if (n >= 5) latencies.push((await ran) - since);
    else await ran;
    while ((await records.jobs.get(id)).status !== 'completed')
      await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const made = [];
  for (let n = 0; n < count; n++) made.push((await create()).id);
  const done = allRun(count);
  const since = performance.now();
  // Sixteen clients start them while they are worked on.
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let id = made.pop(); id !== undefined; id = made.pop()) await jobs.manager.start(user, id);
    }),
  );
  const rate = count / (((await done) - since) / 1000);
  await jobs.close();
  await records.close();
  await objects.close();
  return { rate, median: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) };
}

async function measureBare(url) {
  const { PgBoss } = await import('pg-boss');
  const boss = new PgBoss({ connectionString: url, schema: 'bare', useListenNotify: true, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue('q', { notify: true });
  let onRun = () => {};
  await boss.work('q', { batchSize: concurrency, burstWhenBatchFull: true }, async (batch) => {
    for (const _ of batch) onRun();
  });
  const allRun = (wanted) =>
    new Promise((resolve) => {
      let runs = 0;
      onRun = () => {
        if (++runs === wanted) resolve(performance.now());
      };
    });
  const latencies = [];
  for (let n = 0; n < starts + 5; n++) {
    const ran = allRun(1);
    const since = performance.now();
    await boss.send('q', { id: n });
    if (n >= 5) latencies.push((await ran) - since);
    else await ran;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const done = allRun(count);
  const since = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left-- > 0) await boss.send('q', { id: left });
    }),
  );
  const rate = count / (((await done) - since) / 1000);
  await boss.stop({ graceful: false });
  return { rate, median: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) };
}

async function main() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tilegraph-bench-jobs-'));
  const postgres = await startPostgres();
  try {
    const newUrl = async () => (await postgres.createDatabase()).url;
    const measures = {
      'pg-boss alone': async () => measureBare(await newUrl()),
      'embedded, SQLite': () =>
        measure(`sqlite:///${folder}/jobs.db`, { kind: 'embedded' }, path.join(folder, 'a')),
      'embedded, PostgreSQL': async () =>
        measure(await newUrl(), { kind: 'embedded' }, path.join(folder, 'b')),
      'pg-boss, PostgreSQL': async () => {
        const connectionString = await newUrl();
        const engine = { kind: 'pg-boss', connectionString, isWorker: true };
        return measure(connectionString, engine, path.join(folder, 'c'));
      },
    };
    const wanted = options.only.split(';');
    const rows = [];
    for (const [name, run] of Object.entries(measures))
      if (wanted.some((each) => name.startsWith(each))) rows.push([name, await run()]);
    const bare = rows.find(([name]) => name === 'pg-boss alone')?.[1];
    console.log(
      `${count} jobs that do nothing, ${concurrency} at once, started by 16 clients while they are worked on\n`,
    );
    console.log('| | jobs/s | of pg-boss alone | start, median ms | start, 95 % ms |');
    console.log('|---|---|---|---|---|');
    for (const [name, { rate, median, p95 }] of rows)
      console.log(
        `| ${name} | ${rate.toFixed(0)} | ${bare ? (rate / bare.rate).toFixed(2) : ''} | ${median.toFixed(1)} | ${p95.toFixed(1)} |`,
      );
  } finally {
    await postgres.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

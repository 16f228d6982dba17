// An NDVI median composite over 20 dates of 4,096 × 4,096 pixels against only reading and decoding the same blocks,
// and two threads against one, in one run: ratios count, times depend on the machine.
//   node test/bench/composite.cjs [--dist folder] [--size 4096] [--runs 2] [--threads 0,1,2]
// Makes the scenes (600 MB) under .tools/bench/dates/ where they are missing.
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { datesCollection } = require('./support/scene.cjs');
const { flags } = require('./support/server.cjs');

// In a process as the server's.
if (!process.execArgv.includes(flags[0])) {
  const { status } = spawnSync(process.execPath, [...flags, __filename, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    size: { type: 'string', default: '4096' },
    runs: { type: 'string', default: '2' },
    threads: { type: 'string', default: '0,1,2' },
  },
});
const load = (file) => require(path.join(options.dist, 'src', file));
const { openParts } = load('app/parts.js');
const { silentLogger } = load('base/logger.js');
const { loadConfig } = load('config/load.js');
const { readBlock } = load('raster/codecs/block.js');
const { FilePool } = load('raster/files.js');
const { subGrid } = load('geo/grid.js');

// As the server has it, see src/cli/main.ts.
if (Number(process.versions.node.split('.')[0]) >= 24)
  require('node:v8').setFlagsFromString('--external-memory-accounted-in-global-limit');

const size = Number(options.size);
const windowPx = 512;
const { signal } = new AbortController();
const collection = datesCollection();
const node = (process_id, args, rest) => ({ process_id, arguments: args, ...rest });
const from = (from_node) => ({ from_node });
const process_graph = {
  load: node('load_collection', { id: 'BENCH', spatial_extent: null, temporal_extent: null }),
  ndvi: node('ndvi', { data: from('load'), nir: 'B4', red: 'B3' }),
  median: node(
    'reduce_dimension',
    {
      data: from('ndvi'),
      dimension: 't',
      reducer: {
        process_graph: { median: node('median', { data: { from_parameter: 'data' } }, { result: true }) },
      },
    },
    { result: true },
  ),
};

/** Runs tasks, so many at once. */
async function inParallel(tasks, count) {
  const waiting = [...tasks];
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (let task = waiting.shift(); task; task = waiting.shift()) await task();
    }),
  );
}

async function timed(work) {
  const start = { ms: performance.now(), cpu: process.cpuUsage() };
  await work();
  const { user, system } = process.cpuUsage(start.cpu);
  return { ms: performance.now() - start.ms, cpuMs: (user + system) / 1000 };
}

/** The fastest of some runs. */
async function best(work) {
  let fastest;
  for (let run = 0; run < Number(options.runs); run++) {
    const time = await timed(work);
    if (!fastest || time.ms < fastest.ms) fastest = time;
  }
  return fastest;
}

async function decodeAll() {
  const files = new FilePool(undefined);
  const tasks = [];
  const document = JSON.parse(readFileSync(collection, 'utf8'));
  for (const { href } of document.links) {
    const item = JSON.parse(readFileSync(path.join(path.dirname(collection), href), 'utf8'));
    const file = await files.open(item.assets.data.href, signal);
    const { image } = file.levels[0];
    const across = Math.ceil(size / image.blockWidth);
    for (let index = 0; index < across * across; index++)
      tasks.push(() => {
        const position = { column: index % across, row: Math.floor(index / across), plane: 0 };
        return readBlock(file.source, image, position, [0, 1], image.blockHeight, 0, signal);
      });
  }
  await inParallel(tasks, 8);
  await files.close();
}

async function withThreads(workers, work) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'tilegraph-bench-'));
  const defaults = { dataDir, collections: [collection], workers, blockCache: 64 * 2 ** 20 };
  const parts = await openParts(loadConfig({ defaults }), silentLogger);
  try {
    if (workers > 0) await parts.threads.warm();
    const user = { id: 'bench', name: 'bench', roles: [] };
    const plan = await parts.runner.plan({ process_graph }, { user });
    const composite = async () => {
      const request = { user, parameters: new Map(), signal, logger: silentLogger };
      const cube = await parts.runner.run(plan, request);
      const count = size / windowPx;
      const tasks = Array.from({ length: count * count }, (_, index) => {
        const [x, y] = [index % count, Math.floor(index / count)].map((at) => at * windowPx);
        const grid = subGrid(cube.grid, x, y, windowPx, windowPx);
        return () => cube.read({ grid }, signal);
      });
      await inParallel(tasks, Math.max(4, workers * 2));
    };
    await work(composite, parts.threads);
  } finally {
    await parts.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function main() {
  const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
  const show = ({ ms, cpuMs }) => [(ms / 1000).toFixed(2), (cpuMs / 1000).toFixed(2)];
  row(
    'work',
    'threads beside the main one',
    's',
    'CPU s',
    'of decoding (time)',
    'of decoding (CPU)',
    'of one thread',
  );
  row('---', '---', '---', '---', '---', '---', '---');
  const decoding = await best(decodeAll);
  row('reading and decoding', '', ...show(decoding), 1, 1, '');
  let one;
  for (const workers of options.threads.split(',').map(Number)) {
    let time;
    let elsewhere = 0;
    await withThreads(workers, async (composite, threads) => {
      time = await best(composite);
      elsewhere = threads.reads;
    });
    if (workers > 0 && elsewhere === 0) throw new Error('The threads have read nothing');
    if (workers === 1) one = time;
    const ratios = [decoding.ms / time.ms, decoding.cpuMs / time.cpuMs];
    row(
      ...['NDVI, median of 20 dates', workers, ...show(time), ...ratios.map((ratio) => ratio.toFixed(2))],
      workers > 1 && one ? (one.ms / time.ms).toFixed(2) : '',
    );
  }
}

main();

// From the start of the process until the server takes requests, on an existing data folder with the sample
// collection, against a bare Express server that listens: ratios count.
//   node test/bench/startup.cjs [--dist folder] [--runs 7]
const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    runs: { type: 'string', default: '7' },
  },
});
const dataDir = mkdtempSync(path.join(tmpdir(), 'tilegraph-start-'));

const program = [
  '--initial-old-space-size=256',
  '--max-semi-space-size=64',
  path.join(options.dist, 'src/cli/main.js'),
];
const bare = ['-e', "require('express')().listen(0, '127.0.0.1', () => console.log('ready'))"];

/** Milliseconds until the process says that it is ready. */
async function start(args) {
  const environment = {
    PATH: process.env.PATH,
    PORT: '0',
    TILEGRAPH_DATA_DIR: dataDir,
    TILEGRAPH_LOG_LEVEL: 'error',
  };
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: path.join(__dirname, '../..'),
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => /ready/.test(text) && resolve());
    child.on('exit', () => reject(new Error('The server ended')));
  });
  const readyMs = performance.now() - startedMs;
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.removeAllListeners('exit');
  child.kill('SIGTERM');
  await ended;
  return readyMs;
}

async function median(args) {
  const times = [];
  for (let run = 0; run < Number(options.runs); run++) times.push(await start(args));
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

async function main() {
  const first = await start([...program, 'start']);
  const rows = [
    ['npm start, first time: databases, administrator and sample data are made', first],
    ['npm start, later', await median([...program, 'start'])],
    ['serve', await median([...program, 'serve'])],
    ['bare Express', await median(bare)],
  ];
  rmSync(dataDir, { recursive: true, force: true });
  console.log('| until requests are taken | ms | × bare Express |\n|---|---|---|');
  for (const [what, ms] of rows)
    console.log(`| ${what} | ${ms.toFixed(0)} | ${(ms / rows[3][1]).toFixed(1)} |`);
}

main();

// Tile pyramids: a plain image against vips dzsave, a raster against gdal2tiles, in the same format and compression,
// and tiles to S3 on the loopback interface. Wall clock, CPU of all threads, and peak memory by /usr/bin/time.
//   node test/bench/pyramid.cjs [--dist folder] [--only png,jpeg,map,bucket] [--size 16384] [--map 8192] [--objects 10000]
//     [--pairs 1] [--pictures folder, where sources are kept for the next time]
const { execFileSync, spawn } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } = require('node:fs');
const { once } = require('node:events');
const { tmpdir } = require('node:os');
const path = require('node:path');
const sharp = require('sharp');
const { flags } = require('./support/server.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    size: { type: 'string', default: '16384' },
    map: { type: 'string', default: '8192' },
    objects: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '1' },
    pictures: { type: 'string' },
    only: { type: 'string', default: 'png,jpeg,map,bucket' },
  },
});
// Everything lies there until the end: for minutes, ext4 takes time to pass over the inodes of removed files, so a row
// would pay for the tiles of the one before.
const folder = mkdtempSync(path.join(tmpdir(), 'bench-pyramid-'));

/** Runs a program; wall clock and CPU in seconds, peak memory in MiB. */
function measure(command, args) {
  const report = path.join(folder, 'time');
  // What others have left to be written would be written in its time.
  execFileSync('sync');
  execFileSync('/usr/bin/time', ['-o', report, '-f', '%e %U %S %M', command, ...args], { stdio: 'ignore' });
  const [wall, user, system, memory] = readFileSync(report, 'utf8').trim().split(/\s+/).map(Number);
  return { wall, cpu: user + system, memory: memory / 1024 };
}

/** How many tiles lie in a folder, and their mean size in kB. */
function tilesIn(from) {
  const names = readdirSync(from, { recursive: true }).filter((name) => /\d\.(png|jpg|jpeg)$/.test(name));
  const bytes = names.reduce((sum, name) => sum + statSync(path.join(from, name)).size, 0);
  return { count: names.length, kilobytes: bytes / names.length / 1000 };
}

/** As scripts/launch.cjs starts the program. */
const generate = (source, target, wanted) =>
  measure(process.execPath, [
    ...flags,
    path.join(__dirname, 'support/pyramid-run.cjs'),
    options.dist,
    source,
    target,
    JSON.stringify(wanted),
  ]);

function row(name, own, other, ours, theirs) {
  if (own.count !== other.count) throw new Error('The pyramids have different tiles');
  const cells = [
    own.count,
    own.count / ours.wall,
    own.count / theirs.wall,
    ours.cpu,
    theirs.cpu,
    theirs.wall / ours.wall,
    theirs.cpu / ours.cpu,
    ours.memory,
    theirs.memory,
    own.kilobytes,
    other.kilobytes,
  ];
  console.log(
    `| ${name} | ${cells.map((cell) => (cell >= 20 ? Math.round(cell) : cell.toFixed(2))).join(' | ')} |`,
  );
}

/** Smooth colours with some detail, as painted maps and aerial pictures have it. */
async function picture(size) {
  const file = path.join(options.pictures ?? folder, `picture-${size}.png`);
  if (existsSync(file)) return file;
  const small = Math.max(64, size >> 4);
  const noise = Buffer.alloc(small * small * 3);
  let state = 1;
  for (let i = 0; i < noise.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise[i] = state >>> 24;
  }
  await sharp(noise, { raw: { width: small, height: small, channels: 3 } })
    .resize(size, size, { kernel: 'cubic' })
    .png({ compressionLevel: 1 })
    .toFile(file);
  return file;
}

const plainFormats = {
  png: { quality: 6, suffix: '.png[compression=6]' },
  jpeg: { quality: 80, suffix: '.jpg[Q=80]' },
};

async function plain(format, pair) {
  const source = await picture(Number(options.size));
  const { quality, suffix } = plainFormats[format];
  const target = path.join(folder, `own-${format}-${pair}`);
  const other = path.join(folder, `vips-${format}-${pair}`);
  const tiles = ['--tile-size', '256', '--overlap', '0', '--suffix', suffix];
  const runs = {
    ours: () => generate(source, target, { layout: 'dzi', format, quality }),
    theirs: () => measure('vips', ['dzsave', source, other, ...tiles]),
  };
  const measured = {};
  // Each goes first in every second pair.
  for (const who of pair % 2 === 1 ? ['ours', 'theirs'] : ['theirs', 'ours']) measured[who] = runs[who]();
  const name = `${options.size}² → ${format.toUpperCase()}, vips dzsave`;
  row(name, tilesIn(path.join(target, 'objects')), tilesIn(`${other}_files`), measured.ours, measured.theirs);
}

async function map() {
  const size = Number(options.map);
  const tif = path.join(folder, 'map.tif');
  const ullr = ['-a_ullr', '676000', '5153000', String(676000 + size * 10), String(5153000 - size * 10)];
  const png = await picture(size);
  execFileSync('gdal_translate', [
    '-q',
    '-of',
    'COG',
    '-co',
    'COMPRESS=DEFLATE',
    '-a_srs',
    'EPSG:32632',
    ...ullr,
    png,
    tif,
  ]);
  const target = path.join(folder, 'own-map');
  const other = path.join(folder, 'gdal-map');
  const ours = generate(tif, target, { format: 'png', quality: 6 });
  const theirs = measure('gdal2tiles.py', ['-q', '-x', '--xyz', '-w', 'none', '-r', 'average', tif, other]);
  const own = tilesIn(path.join(target, 'objects'));
  row(`${size}² UTM → PNG, gdal2tiles`, own, tilesIn(other), ours, theirs);
}

/** CPU seconds of a process so far. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A server in a process of its own; its first line is its port. */
async function startServer(args) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  return { child, endpoint: `http://127.0.0.1:${Number(port)}` };
}

/** Takes everything and says yes: what remains is our own work. */
const agreeing = `
  const server = require('node:http').createServer((request, answer) => {
    request.resume().on('end', () => answer.writeHead(200, { etag: '"x"' }).end());
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.resume().on('end', () => process.exit());
`;

async function upload(name, { child, endpoint }, count, atOnce) {
  const { openObjectStore } = require(path.resolve(options.dist, 'src/store/objects/open.js'));
  const { silentLogger: logger } = require(path.resolve(options.dist, 'src/base/logger.js'));
  const store = await openObjectStore('s3://bench/p', { logger, s3: { endpoint, isPathStyle: true } });
  const body = Buffer.alloc(20_000, 7);
  const started = performance.now();
  const before = process.cpuUsage();
  const theirs = cpuOf(child.pid);
  let next = 0;
  const work = async () => {
    while (next < count)
      await store.put(`tiles/${atOnce}-${next++}.png`, body, { contentType: 'image/png', isLazy: true });
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const own = ((user + system) / 1000 / count).toFixed(2);
  const other = (((cpuOf(child.pid) - theirs) * 1000) / count).toFixed(2);
  console.log(`| ${name}, ${atOnce} at once | ${Math.round(count / seconds)} | ${own} | ${other} |`);
  await store.close();
}

async function bucket() {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'secret' });
  const count = Number(options.objects);
  const { S3Client, CreateBucketCommand } = require('@aws-sdk/client-s3');
  const fauxqs = await startServer([path.join(__dirname, '../support/children/fauxqs.mjs')]);
  await new S3Client({ endpoint: fauxqs.endpoint, region: 'us-east-1', forcePathStyle: true }).send(
    new CreateBucketCommand({ Bucket: 'bench' }),
  );
  const plain = await startServer(['-e', agreeing]);
  console.log(`\n| ${count} objects of 20 kB to | per second | CPU ms each, ours | theirs |`);
  console.log('|---|---|---|---|');
  try {
    for (const atOnce of [16, 64]) await upload('fauxqs', fauxqs, count, atOnce);
    for (const atOnce of [16, 64]) await upload('a server that only says yes', plain, count, atOnce);
  } finally {
    fauxqs.child.stdin.end();
    plain.child.stdin.end();
  }
}

async function main() {
  const wanted = options.only.split(',');
  try {
    if (wanted.some((each) => each !== 'bucket')) {
      console.log(
        '| pyramid, rival | tiles | tiles/s | rival | CPU s | rival | × speed | × per CPU second | MiB | rival | kB a tile | rival |',
      );
      console.log('|---|---|---|---|---|---|---|---|---|---|---|---|');
    }
    for (const format of Object.keys(plainFormats).filter((each) => wanted.includes(each)))
      for (let pair = 1; pair <= Number(options.pairs); pair++) await plain(format, pair);
    if (wanted.includes('map')) await map();
    if (wanted.includes('bucket')) await bucket();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();

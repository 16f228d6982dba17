// Tile pyramids: a plain image against vips dzsave, a raster against gdal2tiles, in the same format and compression,
// and tiles to S3 on the loopback interface. Wall clock, CPU of all threads, and peak memory by /usr/bin/time.
//   node test/bench/pyramid.cjs [--dist folder] [--size 16384] [--map 8192] [--objects 10000]
const { execFileSync, spawn } = require('node:child_process');
const { mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { once } = require('node:events');
const { tmpdir } = require('node:os');
const path = require('node:path');
const sharp = require('sharp');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    size: { type: 'string', default: '16384' },
    map: { type: 'string', default: '8192' },
    objects: { type: 'string', default: '10000' },
  },
});
const folder = mkdtempSync(path.join(tmpdir(), 'bench-pyramid-'));

/** Runs a program; wall clock and CPU in seconds, peak memory in MiB. */
function measure(command, args) {
  const report = path.join(folder, 'time');
  execFileSync('/usr/bin/time', ['-o', report, '-f', '%e %U %S %M', command, ...args], { stdio: 'ignore' });
  const [wall, user, system, memory] = require('node:fs')
    .readFileSync(report, 'utf8')
    .trim()
    .split(/\s+/)
    .map(Number);
  return { wall, cpu: user + system, memory: memory / 1024 };
}

function countTiles(from) {
  return readdirSync(from, { recursive: true }).filter((name) => /\d\.(png|jpg|jpeg)$/.test(name)).length;
}

const own = (source, target, wanted) =>
  measure(process.execPath, [
    path.join(__dirname, 'support/pyramid-run.cjs'),
    options.dist,
    source,
    target,
    JSON.stringify(wanted),
  ]);

function row(name, tiles, ours, theirs) {
  const cells = [
    tiles,
    tiles / ours.wall,
    tiles / theirs.wall,
    ours.cpu,
    theirs.cpu,
    theirs.wall / ours.wall,
    theirs.cpu / ours.cpu,
    ours.memory,
    theirs.memory,
  ];
  console.log(
    `| ${name} | ${cells.map((cell) => (cell >= 20 ? Math.round(cell) : cell.toFixed(2))).join(' | ')} |`,
  );
}

/** Smooth colours with some detail, as painted maps and aerial pictures have it. */
async function picture(size) {
  const small = Math.max(64, size >> 4);
  const noise = Buffer.alloc(small * small * 3);
  let state = 1;
  for (let i = 0; i < noise.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise[i] = state >>> 24;
  }
  const file = path.join(folder, `picture-${size}.png`);
  await sharp(noise, { raw: { width: small, height: small, channels: 3 } })
    .resize(size, size, { kernel: 'cubic' })
    .png({ compressionLevel: 1 })
    .toFile(file);
  return file;
}

async function plain() {
  const source = await picture(Number(options.size));
  for (const [format, quality, suffix] of [
    ['png', 6, '.png[compression=6]'],
    ['jpeg', 80, '.jpg[Q=80]'],
  ]) {
    const target = path.join(folder, `own-${format}`);
    const other = path.join(folder, `vips-${format}`);
    const ours = own(source, target, { layout: 'dzi', format, quality });
    const theirs = measure('vips', [
      'dzsave',
      source,
      other,
      '--tile-size',
      '256',
      '--overlap',
      '0',
      '--suffix',
      suffix,
    ]);
    const made = countTiles(path.join(target, 'objects'));
    if (made !== countTiles(`${other}_files`)) throw new Error('The pyramids have different tiles');
    row(`${options.size}² → ${format.toUpperCase()}, vips dzsave`, made, ours, theirs);
    rmSync(target, { recursive: true });
    rmSync(`${other}_files`, { recursive: true });
  }
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
  const ours = own(tif, target, { format: 'png', quality: 6 });
  const theirs = measure('gdal2tiles.py', ['-q', '-x', '--xyz', '-w', 'none', '-r', 'average', tif, other]);
  row(`${size}² UTM → PNG, gdal2tiles`, countTiles(path.join(target, 'objects')), ours, theirs);
}

async function bucket() {
  const program = path.join(__dirname, '../support/children/fauxqs.mjs');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'secret' });
  const endpoint = `http://127.0.0.1:${Number(port)}`;
  const { S3Client, CreateBucketCommand } = require('@aws-sdk/client-s3');
  await new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true }).send(
    new CreateBucketCommand({ Bucket: 'bench' }),
  );
  const { openObjectStore } = require(path.resolve(options.dist, 'src/store/objects/open.js'));
  const { silentLogger: logger } = require(path.resolve(options.dist, 'src/base/logger.js'));
  const store = await openObjectStore('s3://bench/p', { logger, s3: { endpoint, isPathStyle: true } });
  const count = Number(options.objects);
  const body = Buffer.alloc(20_000, 7);
  const started = performance.now();
  const before = process.cpuUsage();
  let next = 0;
  const work = async () => {
    while (next < count) await store.put(`tiles/${next++}.png`, body, { contentType: 'image/png' });
  };
  await Promise.all(Array.from({ length: 16 }, work));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `\n${count} objects of 20 kB to S3 on loopback, 16 at once: ${Math.round(count / seconds)} per second, ${((user + system) / 1000 / count).toFixed(2)} ms of CPU each (without the server's)`,
  );
  await store.close();
  child.stdin.end();
}

async function main() {
  console.log(
    '| pyramid, rival | tiles | tiles/s | rival | CPU s | rival | × speed | × per CPU second | MiB | rival |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|');
  try {
    await plain();
    await map();
    await bucket();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();

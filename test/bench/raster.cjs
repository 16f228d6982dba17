// Reading, warping and NDVI tiles against rio-tiler (current, from PyPI), in one run: ratios count, times depend on
// the machine. Compared is CPU time per tile, all threads; rio-tiler runs with one.
//   node test/bench/raster.cjs [--dist folder] [--scene file.tif] [--python file] [--passes 3] [--viewports 3]
// Makes the scene (400 MB) under .tools/bench/ where it is missing; .ci/run makes the Python environment.
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { addresses } = require('./support/addresses.cjs');
const { benchScene, python } = require('./support/scene.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    scene: { type: 'string' },
    python: { type: 'string', default: python },
    passes: { type: 'string', default: '3' },
    viewports: { type: 'string', default: '3' },
  },
});
const scene = options.scene ?? benchScene();
const load = (file) => require(path.join(options.dist, 'src', file));
const { createRasterReader } = load('raster/reader.js');
const { tileMatrixSet } = load('geo/tile-matrix-set.js');
const { silentLogger } = load('base/logger.js');
const { colourType, encodePng } = load('raster/formats/png/stream.js');

const passes = Number(options.passes);
const { signal } = new AbortController();
const mercator = tileMatrixSet('WebMercatorQuad');

const palette = new Uint8Array(256 * 4);
for (let i = 0; i < 256; i++) palette.set([255 - i, i, 40, i === 255 ? 0 : 255], i * 4);

function cubeOf(reader, bands, resampling) {
  return reader.sceneCube(
    {
      scenes: [
        {
          datetime: '2024-06-01T00:00:00Z',
          bbox: [14, 46, 17, 49],
          bands: new Map(bands.map((sample) => [`b${sample}`, { href: scene, sample }])),
        },
      ],
      bands: bands.map((sample) => ({ name: `b${sample}` })),
      names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
      dataVersion: '1',
      resampling,
    },
    signal,
  );
}

async function ndviPng(cube, tile) {
  const { data } = await cube.read({ grid: mercator.grid(tile, 256) }, signal);
  const pixels = 256 * 256;
  const indices = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const red = data[i];
    const infrared = data[pixels + i];
    const value = ((infrared - red) / (infrared + red) + 1) * 127;
    indices[i] = Number.isNaN(value) ? 255 : Math.max(0, Math.min(254, value));
  }
  const header = { width: 256, height: 256, depth: 8, colourType: colourType.indexed, palette };
  return (await encodePng(header, indices, { level: 1 })).length;
}

/** CPU milliseconds per tile, the median of the passes; `cache`: none at all, empty at the start of each pass, or warm from the pass before. */
async function measure(tiles, resampling, bands, work, cache) {
  const costs = [];
  let kept;
  for (let pass = 0; pass <= passes; pass++) {
    const reader =
      cache === 'warm' && kept
        ? kept
        : createRasterReader({
            http: undefined,
            logger: silentLogger,
            cacheBytes: cache === 'none' ? 0 : 2 ** 31,
          });
    if (kept && kept !== reader) await kept.close();
    kept = reader;
    const cube = await cubeOf(reader, bands, resampling);
    const start = process.cpuUsage();
    for (const tile of tiles) await work(cube, tile);
    const used = process.cpuUsage(start);
    // The first pass warms up: the compiler, the page cache, and where meant the blocks.
    if (pass > 0) costs.push((used.user + used.system) / 1000 / tiles.length);
  }
  await kept.close();
  return costs.sort((a, b) => a - b)[Math.floor(costs.length / 2)];
}

function rioTiler(tiles, resampling, mode) {
  const input = JSON.stringify({
    file: scene,
    tiles: tiles.map(({ z, x, y }) => [z, x, y]),
    resampling,
    mode,
    passes,
  });
  return JSON.parse(execFileSync(options.python, [path.join(__dirname, 'support/rio_tiles.py')], { input }));
}

async function main() {
  const tiles = addresses(mercator, Number(options.viewports));
  const read = (cube, tile) => cube.read({ grid: mercator.grid(tile, 256) }, signal);
  const rows = [];
  for (const [ours, theirs] of [
    ['near', 'nearest'],
    ['bilinear', 'bilinear'],
  ]) {
    const rio = {
      read: rioTiler(tiles, theirs, 'read'),
      open: rioTiler(tiles, theirs, 'open'),
      keep: rioTiler(tiles, theirs, 'keep'),
    };
    const four = await measure(tiles, ours, [0, 1, 2, 3], read, 'none');
    const uncached = await measure(tiles, ours, [2, 3], ndviPng, 'none');
    const cold = await measure(tiles, ours, [2, 3], ndviPng, 'empty');
    const warm = await measure(tiles, ours, [2, 3], ndviPng, 'warm');
    rows.push([`4 bands read and warped, ${theirs}, no block cache`, four, 'opened per tile', rio.read]);
    rows.push([`NDVI tile, ${theirs}, no block cache`, uncached, 'opened per tile', rio.open]);
    rows.push([`NDVI tile, ${theirs}, block cache empty at first`, cold, 'opened per tile', rio.open]);
    rows.push([`NDVI tile, ${theirs}, warm blocks`, warm, 'opened per tile', rio.open]);
    rows.push([`NDVI tile, ${theirs}, warm blocks`, warm, 'kept open, numpy, level 1', rio.keep]);
  }
  console.log(
    `${tiles.length} tiles of 256 pixels, zoom 12 to 14, CPU ms per tile, median of ${passes} passes\n`,
  );
  console.log('| | Tilegraph | rio-tiler | | ratio |\n|---|---|---|---|---|');
  for (const [what, own, how, other] of rows)
    console.log(
      `| ${what} | ${own.toFixed(2)} | ${other.toFixed(1)} | ${how} | ${(other / own).toFixed(1)} |`,
    );
}

main();

// Writing results: CPU time of all threads and size, against the usual Python library for each format, both from
// memory to a file. Three bands of float32 with few digits, as reflectances have, and a tenth missing.
//   node test/bench/formats.cjs [--dist folder] [--size 2000]
const { execFileSync } = require('node:child_process');
const { existsSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { open } = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    size: { type: 'string', default: '2000' },
  },
});
const load = (module) => require(path.resolve(options.dist, 'src', module));
const { parseCrs } = load('geo/crs');
const { memoryCube } = load('raster/memory-cube');
const { findFormat } = load('raster/formats/registry');

const names = ['B02', 'B03', 'B04'];
const runs = 3;
const formats = [
  ['GTiff', { level: 6 }],
  ['netCDF', { level: 4 }],
  ['Zarr', { level: 4 }],
  ['CSV', {}],
  ['Parquet', {}],
];

/** Smooth hills with noise, rounded to four digits. */
function makePixels(size) {
  const data = new Float32Array(names.length * size * size);
  let state = 1;
  for (let at = 0; at < data.length; at++) {
    const [x, y] = [at % size, Math.floor(at / size) % size];
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const value = 0.2 + 0.1 * Math.sin(x / 90) * Math.cos(y / 70) + (state / 2 ** 32 - 0.5) * 0.02;
    data[at] = (x + y) % 10 === 0 ? Number.NaN : Math.round(value * 1e4) / 1e4;
  }
  return data;
}

async function write(cube, name, formatOptions, folder) {
  const started = process.cpuUsage();
  const signal = new AbortController().signal;
  const { body } = await findFormat(name).encode(cube, { options: formatOptions, signal, maxPixels: 1e10 });
  const file = await open(path.join(folder, name), 'w');
  let bytes = 0;
  for await (const part of body instanceof Uint8Array ? [body] : body) {
    await file.write(part);
    bytes += part.length;
  }
  await file.close();
  const { user, system } = process.cpuUsage(started);
  return { ms: (user + system) / 1000, bytes };
}

async function main() {
  const size = Number(options.size);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-formats-'));
  try {
    const data = makePixels(size);
    writeFileSync(path.join(folder, 'pixels'), data);
    const grid = { crs: parseCrs(32633), originX: 6e5, originY: 52e5, resX: 10, resY: 10 };
    const cube = memoryCube({
      dimensions: [
        { type: 'bands', name: 'bands', labels: names },
        { type: 'spatial', name: 'y', axis: 'y' },
        { type: 'spatial', name: 'x', axis: 'x' },
      ],
      grid: { ...grid, width: size, height: size },
      data,
    });
    const python = path.join(__dirname, '../../.tools/python/bin/python');
    const rivals = existsSync(python)
      ? JSON.parse(
          execFileSync(python, [
            '-W',
            'ignore',
            path.join(__dirname, 'support/formats.py'),
            folder,
            String(size),
            String(runs),
          ]),
        )
      : {};
    console.log(
      '| format | CPU ms | MB | rival | CPU ms | MB | rival / ours |\n|---|---|---|---|---|---|---|',
    );
    for (const [name, formatOptions] of formats) {
      const results = [];
      for (let run = 0; run < runs; run++) results.push(await write(cube, name, formatOptions, folder));
      const ms = Math.min(...results.map((result) => result.ms));
      const rival = rivals[name];
      const own = `| ${name} | ${ms.toFixed(0)} | ${(results[0].bytes / 1e6).toFixed(1)} |`;
      console.log(
        rival
          ? `${own} ${rival.name} | ${rival.ms.toFixed(0)} | ${(rival.bytes / 1e6).toFixed(1)} | ${(rival.ms / ms).toFixed(1)} |`
          : `${own} | | | |`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();

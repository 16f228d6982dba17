// Kernels compiled from JSON process graphs against numpy (in the same precision, with no-data) and hand-written loops,
// all in one run: ratios count, times depend on the machine. numpy is the one of .tools/python where that is there.
//   node test/bench/kernels.cjs [--dist folder] [--python path] [--runs 30] [--only planes,pictures,dates]
const path = require('node:path');
const { existsSync, readdirSync } = require('node:fs');
const { spawnSync } = require('node:child_process');

const venv = path.join(__dirname, '../../.tools/python/bin/python');
const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    python: { type: 'string', default: existsSync(venv) ? venv : '/usr/bin/python3' },
    runs: { type: 'string', default: '30' },
    only: { type: 'string', default: 'planes,pictures,dates' },
  },
});
const load = (file) => require(path.join(options.dist, 'src', file));
const { packagePath } = load('base/paths.js');
const { defineCallback } = load('graph/types.js');
const { createEvaluator } = load('kernel/evaluator.js');
const { run: colormap } = load('processes/cubes/colormap.js');
const { run: reduceDimension } = load('processes/cubes/reduce_dimension.js');
const { defineCube } = load('raster/cube.js');
const { recycle, uncleared } = load('raster/recycled.js');
const { expandIndices } = load('raster/formats/expand-indices.js');

const runs = Number(options.runs);
const parts = options.only.split(',');
const { signal } = new AbortController();
/**
 * A made-up band: smooth as land is, with some noise, and with patches of no-data (about 5 %) as clouds make them.
 * The Python part makes the same one.
 */
function plane(width, seed) {
  const values = new Float32Array(width * width);
  let state = seed;
  for (let y = 0, i = 0; y < width; y++)
    for (let x = 0; x < width; x++, i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const isMissing = Math.sin(x / 53 + seed * 3.1) * Math.sin(y / 47 + seed * 1.3) > 0.85;
      const land = 1900 + 1500 * Math.sin(x / 37 + seed * 1.7) * Math.cos(y / 29 + seed * 2.3);
      values[i] = isMissing ? Number.NaN : land + (state / 2 ** 32) * 200;
    }
  return values;
}

const data = { from_parameter: 'data' };
const from = (node) => ({ from_node: node });

/** Nodes from nested calls `[process, arguments]`. */
function graphOf(root) {
  const nodes = {};
  const add = ([process_id, args]) => {
    const resolved = Object.entries(args).map(([name, value]) => [
      name,
      Array.isArray(value) && typeof value[0] === 'string' ? add(value) : value,
    ]);
    const id = `${process_id}${Object.keys(nodes).length}`;
    nodes[id] = { process_id, arguments: Object.fromEntries(resolved) };
    return from(id);
  };
  nodes[add(root).from_node].result = true;
  return nodes;
}

const band = (index) => ['array_element', { data, index }];
const binary = (process) => (x, y) => [process, { x, y }];
const [add, subtract, multiply, divide] = ['add', 'subtract', 'multiply', 'divide'].map(binary);
const scale = (x) => ['linear_scale_range', { x, inputMin: -1, inputMax: 1, outputMin: 0, outputMax: 255 }];
const index = (x, y) => divide(subtract(x, y), add(x, y));

const [B, G, R, N] = [0, 1, 2, 3].map(band);
const evi = divide(
  multiply(2.5, subtract(N, R)),
  add(subtract(add(N, multiply(6, R)), multiply(7.5, B)), 10000),
);
const savi = divide(multiply(1.5, subtract(N, R)), add(add(N, R), 5000));
const ndwi = index(G, N);
const choice = [
  'if',
  {
    value: ['gt', { x: ndwi, y: 0 }],
    accept: ndwi,
    reject: ['sqrt', { x: ['absolute', { x: multiply(evi, savi) }] }],
  },
];
const long = scale(['clip', { x: choice, min: -1, max: 1 }]);
const reducer = (process, extra = {}) => [process, { data, ...extra }];

/** What a person would write, for the same arrays and with the same handling of no-data. */
const byHand = {
  ndvi: ([, , red, nir], out) => {
    for (let i = 0; i < out.length; i++) {
      const n = nir[i];
      const r = red[i];
      let v = (n - r) / (n + r);
      if (v < -1) v = -1;
      else if (v > 1) v = 1;
      out[i] = (v + 1) * 127.5;
    }
  },
  long: ([blue, green, red, nir], out) => {
    for (let i = 0; i < out.length; i++) {
      const b = blue[i];
      const g = green[i];
      const r = red[i];
      const n = nir[i];
      const d = n - r;
      const water = (g - n) / (g + n);
      const e = (2.5 * d) / (n + 6 * r - 7.5 * b + 10000);
      const s = (1.5 * d) / (n + r + 5000);
      let v = water > 0 ? water : Math.sqrt(Math.abs(e * s));
      if (v < -1) v = -1;
      else if (v > 1) v = 1;
      out[i] = (v + 1) * 127.5;
    }
  },
};

const python = `
import json, sys, time, warnings
import numpy as np
warnings.simplefilter('ignore')
np.seterr(all='ignore')
runs, parts = int(sys.argv[1]), sys.argv[2].split(',')
rng = np.random.default_rng(1)
def plane(width, seed):
    y, x = np.mgrid[0:width, 0:width]
    a = 1900 + 1500 * np.sin(x / 37 + seed * 1.7) * np.cos(y / 29 + seed * 2.3) + rng.random((width, width)) * 200
    a[np.sin(x / 53 + seed * 3.1) * np.sin(y / 47 + seed * 1.3) > 0.85] = np.nan
    return a.astype(np.float32)
def bench(f, n):
    for _ in range(2): f()
    times = []
    for _ in range(n):
        t = time.perf_counter(); f(); times.append((time.perf_counter() - t) * 1e3)
    return min(times)
f = f32 = np.float32
def scale(x): return (np.clip(x, f(-1), f(1)) - f(-1)) / (f(1) - f(-1)) * (f(255) - f(0)) + f(0)
def ndvi(): return scale((n - r) / (n + r))
def long():
    evi = f(2.5) * (n - r) / (n + f(6) * r - f(7.5) * b + f(10000))
    savi = f(1.5) * (n - r) / (n + r + f(5000))
    ndwi = (g - n) / (g + n)
    return scale(np.clip(np.where(ndwi > 0, ndwi, np.sqrt(np.abs(evi * savi))), f(-1), f(1)))
result = {'numpy': np.__version__}
for size in (2048, 1024, 512, 256) if 'planes' in parts else ():
    for f in (np.float64, np.float32):
        b, g, r, n = [plane(size, seed).astype(f) for seed in (1, 2, 3, 4)]
        for name, run in (('ndvi', ndvi), ('long', long)):
            result[f'{name} {f.__name__} {size}'] = bench(run, max(20, runs * 512 // size))
lut = np.zeros((256, 4), np.uint8); lut[1:, 1] = np.arange(1, 256); lut[1:, 3] = 255
def indexed(f):
    def run():
        with np.errstate(all='ignore'):
            v = f(); return np.where(np.isnan(v), 0, np.minimum(v + 1, 255)).astype(np.uint8)
    return run
def coloured(f):
    run = indexed(f)
    return lambda: lut[run()]
for f in (np.float64, np.float32) if 'pictures' in parts else ():
    stored = [np.where(np.isnan(x), 0, x).astype(np.uint16) for x in (plane(512, seed) for seed in (1, 2, 3, 4))]
    def load(a):
        x = a.astype(f); x[a == 0] = np.nan; return x
    def from_stored(run, wanted):
        def whole():
            global b, g, r, n
            if 0 in wanted: b = load(stored[0])
            if 1 in wanted: g = load(stored[1])
            r = load(stored[2]); n = load(stored[3])
            return run()
        return whole
    for name, run, wanted in (('ndvi', ndvi, ()), ('long', long, (0, 1))):
        whole = from_stored(run, wanted)
        result[f'{name}16 {f.__name__}'] = bench(whole, runs)
        result[f'{name} indices {f.__name__}'] = bench(indexed(whole), runs)
        result[f'{name} picture {f.__name__}'] = bench(coloured(whole), runs)
f = f32
for t in (10, 25, 50) if 'dates' in parts else ():
    a = np.stack([plane(256, seed + 1) for seed in range(t)])
    k = max(3, runs // 6)
    result[f'mean {t}'] = bench(lambda: np.nanmean(a, 0), k)
    result[f'max {t}'] = bench(lambda: np.nanmax(a, 0), k)
    result[f'median {t}'] = bench(lambda: np.nanmedian(a, 0), 3)
    # nanquantile walks the pixels one by one: a sixteenth of them is enough to know.
    c = np.ascontiguousarray(a[:, :64, :64])
    result[f'quantile {t}'] = bench(lambda: np.nanquantile(c, 0.9, 0), 1) * 16
print(json.dumps(result))
`;

/** Fastest of so many runs in milliseconds; the tasks take turns, so that what disturbs one disturbs the others. */
async function measure(tasks, count) {
  const times = tasks.map(() => []);
  for (const task of tasks) for (let k = 0; k < 8; k++) await task();
  for (let k = 0; k < count; k++)
    for (const [position, task] of tasks.entries()) {
      const start = performance.now();
      await task();
      times[position].push(performance.now() - start);
    }
  return times.map((list) => Math.min(...list));
}

const modules = new Map();
for (const family of ['math', 'comparison', 'logic', 'arrays', 'statistics']) {
  const folder = path.join(options.dist, 'src', 'processes', family);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js')))
    modules.set(file.replace('.js', ''), require(path.join(folder, file)));
}

/** A plan of a JSON graph that is known to be correct. */
function planOf(graph) {
  const argument = (value) => {
    if (value?.from_node) return { kind: 'node', node: value.from_node };
    if (value?.from_parameter) return { kind: 'parameter', name: value.from_parameter };
    return { kind: 'literal', value };
  };
  const nodes = Object.entries(graph).map(([id, { process_id, arguments: args }]) => ({
    id,
    process: {
      id: process_id,
      namespace: 'backend',
      spec: require(packagePath('processes', `${process_id}.json`)),
      module: modules.get(process_id),
      effects: 'none',
    },
    arguments: new Map(Object.entries(args).map(([name, value]) => [name, argument(value)])),
    reads: Object.values(args).flatMap((value) => value?.from_node ?? []),
    readers: 1,
  }));
  const result = Object.keys(graph).find((id) => graph[id].result);
  return { nodes, result, parameters: [], free: new Set(), effects: 'none', hash: '' };
}

function compile(root) {
  const call = () => Promise.reject(new Error('The general path is not measured here'));
  return defineCallback({ plan: planOf(graphOf(root)), parameters: ['data'], lookup: () => null, call });
}

/** All of some planes one after the other, as blocks have them. */
function joined(planes) {
  const whole = new planes[0].constructor(planes.length * planes[0].length);
  for (const [k, plane] of planes.entries()) whole.set(plane, k * plane.length);
  return whole;
}

/** What pictures read: a cube of stored integers, reduce_dimension over its bands and colormap, as graphs have them. */
function pictures(root, planes, masks) {
  const grid = { width: 512, height: 512 };
  const block = { grid, shape: [4, 512, 512], data: joined(planes), valid: joined(masks) };
  const labels = planes.map((_, k) => `B${k}`);
  const data = defineCube({
    dimensions: [
      { type: 'bands', name: 'bands', labels },
      { type: 'spatial', name: 'x', axis: 'x' },
      { type: 'spatial', name: 'y', axis: 'y' },
    ],
    grid,
    dataType: 'uint16',
    nodata: null,
    missing: 'mask',
    locality: 'local',
    isGridFixed: false,
    dataVersion: '',
    read: async ({ select }) => {
      const wanted = select?.get('bands') ?? [0, 1, 2, 3];
      if (wanted.length === 4) return block;
      const from = wanted[0] * 512 * 512;
      const to = from + wanted.length * 512 * 512;
      const part = { data: block.data.subarray(from, to), valid: block.valid.subarray(from, to) };
      return { grid, shape: [wanted.length, 512, 512], ...part };
    },
  });
  const reduced = reduceDimension({ data, dimension: 'bands', reducer: compile(root), context: null });
  const { palette, read } = colormap({ data: reduced, palette: 'greys', min: 0, max: 255 }).indexed;
  const indices = () => read({ grid }, signal);
  // As for planes, who reads pixels gives their memory back.
  return {
    async numbers() {
      const { data, valid } = await reduced.read({ grid }, signal);
      recycle(data);
      recycle(valid);
    },
    indices: async () => recycle(await indices()),
    async picture() {
      const made = await indices();
      recycle(expandIndices(made, palette).samples);
      recycle(made);
    },
  };
}

async function main() {
  const rows = [];
  const prepare = async (root, planes, missing = 'nan', valid = undefined, dataType = undefined) => {
    const name = planes[0].constructor.name.replace('Array', '').toLowerCase();
    const data = { kind: 'array', length: planes.length, dataType: dataType ?? name };
    const shape = { inputs: new Map([['data', data]]), missing };
    const callback = compile(root);
    const evaluator = createEvaluator(callback, shape);
    if (!evaluator.isFused) throw new Error('No kernel');
    const inputs = new Map([['data', { data: planes, valid }]]);
    return { callback, shape, run: () => evaluator.run(inputs, planes[0].length, signal) };
  };
  const bands = [1, 2, 3, 4].map((seed) => plane(512, seed));
  const masks = bands.map((values) => Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)));
  const integers = bands.map((values) =>
    Uint16Array.from(values, (value) => (Number.isNaN(value) ? 0 : value)),
  );
  for (const [name, label, root] of [
    ['ndvi', 'NDVI and linear_scale_range, 5 operations', scale(index(N, R))],
    ['long', 'expression of 25 operations', long],
  ]) {
    for (const size of parts.includes('planes') ? [256, 512, 1024, 2048] : [])
      for (const type of [Float32Array, Float64Array]) {
        const planes = [1, 2, 3, 4].map((seed) => type.from(plane(size, seed)));
        const kernel = await prepare(root, planes);
        const masked = await prepare(
          root,
          planes,
          'mask',
          planes.map((values) => Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1))),
        );
        // Both give the memory of a result back for the next one, as processes and encoders do, and as Python does.
        const givenBack =
          ({ run }) =>
          async () => {
            const { data, valid } = await run();
            recycle(data[0]);
            recycle(valid?.[0]);
          };
        const hand = () => {
          const out = uncleared(type, size * size);
          byHand[name](planes, out);
          recycle(out);
        };
        const expected = new type(size * size);
        byHand[name](planes, expected);
        const result = (await kernel.run()).data[0];
        // Differences of about equal numbers lose some digits of float32.
        const allowed = type === Float32Array ? 1e-4 : 1e-9;
        const wrong = expected.findIndex(
          (value, i) => !(Math.abs(value - result[i]) < allowed || Object.is(value, result[i])),
        );
        if (wrong >= 0)
          throw new Error(`Pixel ${wrong} of ${name}: ${result[wrong]}, by hand ${expected[wrong]}`);
        const [ms, maskMs, handMs, planMs] = await measure(
          [givenBack(kernel), givenBack(masked), hand, () => createEvaluator(kernel.callback, kernel.shape)],
          Math.max(20, (runs * 512) / size),
        );
        const precision = type.name.replace('Array', '').toLowerCase();
        rows.push({
          name: `${name} ${precision} ${size}`,
          label: `${label}, ${precision}, ${size}²`,
          ...{ ms, maskMs, handMs, planMs },
        });
      }
    if (!parts.includes('pictures')) continue;
    const { numbers, indices, picture } = pictures(root, integers, masks);
    const times = await measure([numbers, indices, picture], runs);
    const steps = [
      ['16', 'numbers'],
      [' indices', 'palette indices'],
      [' picture', 'RGBA'],
    ];
    for (const [position, [suffix, what]] of steps.entries())
      for (const precision of ['float32', 'float64'])
        rows.push({
          name: `${name}${suffix} ${precision}`,
          label: `${label}, 512², uint16 with no-data to ${what}, numpy in ${precision}`,
          ms: times[position],
        });
  }
  for (const count of parts.includes('dates') ? [10, 25, 50] : []) {
    const planes = Array.from({ length: count }, (_, k) => plane(256, k + 1));
    for (const [name, root] of [
      ['mean', reducer('mean')],
      ['max', reducer('max')],
      ['median', reducer('median')],
      ['quantile', ['array_element', { data: reducer('quantiles', { probabilities: [0.9] }), index: 0 }]],
    ]) {
      const kernel = await prepare(root, planes);
      const [ms] = await measure([kernel.run], Math.max(5, runs >> 1));
      rows.push({ name: `${name} ${count}`, label: `${name} of ${count} dates, 256²`, ms });
    }
  }
  const numpy = spawnSync(options.python, ['-c', python, String(runs), options.only], {
    encoding: 'utf8',
  });
  const theirs = numpy.status === 0 ? JSON.parse(numpy.stdout) : {};
  if (numpy.status !== 0) process.stderr.write(`No numpy figures: ${numpy.stderr || numpy.error}\n`);
  const text = (value, digits = 2) => (value === undefined ? '–' : value.toFixed(digits));
  console.log(
    `Node ${process.version}, numpy ${theirs.numpy ?? '–'}, 5 % no-data, fastest of ${runs} runs in ms\n`,
  );
  console.log('| | kernel | mask form | by hand | numpy | numpy / kernel | by hand / kernel | planning |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const { name, label, ms, maskMs, handMs, planMs } of rows) {
    const other = theirs[name];
    console.log(
      `| ${label} | ${text(ms)} | ${text(maskMs)} | ${text(handMs)} | ${text(other)} | ${text(other && other / ms, 1)} | ${text(handMs && handMs / ms)} | ${text(planMs)} |`,
    );
  }
}

main();

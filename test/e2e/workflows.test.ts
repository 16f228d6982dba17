import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { packagePath } from '../../src/base/paths';
import { crsFromEpsg, transformer, wgs84 } from '../../src/geo/crs';
import { subGrid } from '../../src/geo/grid';
import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { Grid } from '../../src/geo/types';
import { type GraphNode, SavedResult } from '../../src/graph/types';
import type { Cube } from '../../src/raster/cube';
import { outputFormats } from '../../src/raster/formats/registry';
import { encodeResult } from '../../src/services/encode-result';
import { sampleCollection } from '../support/sample';
import { describeWith, pythonWith, sharedFolder } from '../support/tools';
import {
  openWorkflows,
  readInChunks,
  readValues,
  signal,
  type WorkflowWorld,
} from './support/workflow-world';

type Nodes = Readonly<Record<string, GraphNode>>;
type Args = Readonly<Record<string, unknown>>;

/** What numpy made of the workflows, in short: see support/workflows.py. */
const stored: Readonly<
  Record<string, { readonly length: number; readonly values: readonly (number | null)[] }>
> = JSON.parse(readFileSync(packagePath('test/e2e/support/workflows.json'), 'utf8'));

interface Area {
  readonly collection: 'TILEGRAPH_SAMPLE' | 'SENTINEL2_L2A_BOLZANO';
  readonly west: number;
  readonly north: number;
  readonly width: number;
  readonly height: number;
}

interface Workflow {
  readonly title: string;
  readonly area: Area;
  readonly nodes: Nodes;
  /** The function of support/workflows.py that computes the same. */
  readonly name: string;
  readonly input?: Args;
  /** By how much values may be off; default: single precision. */
  readonly tolerance?: number;
}

const node = (process_id: string, args: Args, result = false): GraphNode => ({
  process_id,
  arguments: args,
  ...(result && { result }),
});
const from = (from_node: string) => ({ from_node });
const param = (from_parameter: string) => ({ from_parameter });
const reducer = (process_id: string) => ({
  process_graph: { r: node(process_id, { data: param('data') }, true) },
});
const element = (label: string) => node('array_element', { data: param('data'), label });

const sampleArea: Area = {
  collection: 'TILEGRAPH_SAMPLE',
  west: 673_010,
  north: 5_292_990,
  width: 300,
  height: 280,
};
const bolzanoArea: Area = {
  collection: 'SENTINEL2_L2A_BOLZANO',
  west: 677_190,
  north: 5_153_460,
  width: 300,
  height: 280,
};
const bolzano = join(sharedFolder ?? '', 'data', 's2-bolzano', 'collection.json');

function load(area: Area, bands: readonly string[]): GraphNode {
  const { west, north, width, height } = area;
  return node('load_collection', {
    id: area.collection,
    spatial_extent: { west, north, east: west + width * 10, south: north - height * 10, crs: 32632 },
    temporal_extent: null,
    bands,
  });
}

const ndviOf = (data: string) => node('ndvi', { data: from(data), nir: 'B08', red: 'B04' });
const overTime = (data: string, process_id: string, result = true) =>
  node('reduce_dimension', { data: from(data), dimension: 't', reducer: reducer(process_id) }, result);

const kernel = [
  [1, 4, 6, 4, 1],
  [4, 16, 24, 16, 4],
  [6, 24, 36, 24, 6],
  [4, 16, 24, 16, 4],
  [1, 4, 6, 4, 1],
];
const factor = 1 / 256;

/** Fields whose borders stay away from the middles of pixels. */
function zones(): Args {
  const { forward } = transformer(crsFromEpsg(32632), wgs84);
  const { west, north } = sampleArea;
  const rings = [
    [
      [100, 200],
      [900, 200],
      [900, 1000],
      [100, 1000],
    ],
    [
      [1203, 301],
      [2417, 808],
      [1809, 2211],
    ],
  ];
  const features = rings.map((ring, id) => ({
    type: 'Feature',
    id,
    properties: { name: `field ${id}` },
    geometry: {
      type: 'Polygon',
      coordinates: [[...ring, ring[0]].map(([east, south]) => forward(west + east, north - south))],
    },
  }));
  return { type: 'FeatureCollection', features };
}

const isBad = {
  process_graph: {
    shadow: node('eq', { x: param('x'), y: 3 }),
    cloud: node('between', { x: param('x'), min: 8, max: 10 }),
    bad: node('or', { x: from('shadow'), y: from('cloud') }, true),
  },
};

const evi = {
  process_graph: {
    blue: element('B02'),
    red: element('B04'),
    nir: element('B08'),
    above: node('subtract', { x: from('nir'), y: from('red') }),
    red6: node('multiply', { x: from('red'), y: 6 }),
    blue7: node('multiply', { x: from('blue'), y: 7.5 }),
    below: node('subtract', { x: from('red6'), y: from('blue7') }),
    sum: node('sum', { data: [from('nir'), from('below'), 1] }),
    ratio: node('divide', { x: from('above'), y: from('sum') }),
    evi: node('multiply', { x: from('ratio'), y: 2.5 }),
    ndvi: node('normalized_difference', { x: from('nir'), y: from('red') }),
    both: node('array_create', { data: [from('evi'), from('ndvi')] }, true),
  },
};

const rise = `function udf(values) {
  let rise = null;
  for (let i = 1; i < values.length; i++) {
    if (values[i] === null || values[i - 1] === null) continue;
    rise = Math.max(rise ?? -Infinity, values[i] - values[i - 1]);
  }
  return rise;
}
`;

const zonal: Nodes = {
  load: load(sampleArea, ['B04', 'B08']),
  zones: node('aggregate_spatial', {
    data: from('load'),
    geometries: zones(),
    reducer: reducer('mean'),
  }),
};

const workflows: readonly Workflow[] = [
  {
    title: 'an NDVI composite',
    name: 'composite',
    area: sampleArea,
    nodes: {
      load: load(sampleArea, ['B04', 'B08']),
      ndvi: ndviOf('load'),
      median: overTime('ndvi', 'median'),
    },
  },
  {
    title: 'a median without clouds and shadows',
    name: 'masked_median',
    area: sampleArea,
    nodes: {
      load: load(sampleArea, ['B04', 'B08', 'SCL']),
      scl: node('filter_bands', { data: from('load'), bands: ['SCL'] }),
      classes: node('drop_dimension', { data: from('scl'), name: 'bands' }),
      bad: node('apply', { data: from('classes'), process: isBad }),
      colours: node('filter_bands', { data: from('load'), bands: ['B04', 'B08'] }),
      clear: node('mask', { data: from('colours'), mask: from('bad') }),
      median: overTime('clear', 'median'),
    },
  },
  {
    title: 'EVI and NDVI with apply_dimension',
    name: 'evi',
    area: bolzanoArea,
    nodes: {
      load: load(bolzanoArea, ['B02', 'B04', 'B08']),
      evi: node('apply_dimension', { data: from('load'), dimension: 'bands', process: evi }, true),
    },
  },
  {
    title: 'means of months',
    name: 'monthly',
    area: sampleArea,
    nodes: {
      load: load(sampleArea, ['B08']),
      months: node(
        'aggregate_temporal_period',
        { data: from('load'), period: 'month', reducer: reducer('mean') },
        true,
      ),
    },
  },
  {
    title: 'a kernel over NDVI',
    name: 'smoothed',
    area: bolzanoArea,
    input: { kernel, factor },
    nodes: {
      load: load(bolzanoArea, ['B04', 'B08']),
      ndvi: ndviOf('load'),
      smooth: node('apply_kernel', { data: from('ndvi'), kernel, factor, border: 'replicate' }, true),
    },
  },
  {
    title: 'another grid and reference system',
    name: 'resampled',
    area: bolzanoArea,
    // GDAL and we approximate positions to a thousandth of a pixel, each in its way.
    tolerance: 0.0005,
    nodes: {
      load: load(bolzanoArea, ['B08']),
      warped: node(
        'resample_spatial',
        { data: from('load'), resolution: 8, projection: 32633, method: 'bilinear' },
        true,
      ),
    },
  },
  {
    title: 'renamed bands, merged',
    name: 'merged',
    area: sampleArea,
    nodes: {
      red: load(sampleArea, ['B04']),
      nir: load(sampleArea, ['B08']),
      one: node('rename_labels', { data: from('red'), dimension: 'bands', target: ['red'], source: ['B04'] }),
      other: node('rename_labels', {
        data: from('nir'),
        dimension: 'bands',
        target: ['nir'],
        source: ['B08'],
      }),
      both: node('merge_cubes', { cube1: from('one'), cube2: from('other') }),
      order: node('filter_bands', { data: from('both'), bands: ['nir', 'red'] }, true),
    },
  },
  {
    title: 'the date of the greenest day',
    name: 'peak',
    area: sampleArea,
    nodes: {
      load: load(sampleArea, ['B04', 'B08']),
      ndvi: ndviOf('load'),
      peak: node(
        'reduce_dimension',
        {
          data: from('ndvi'),
          dimension: 't',
          reducer: {
            process_graph: {
              most: node('max', { data: param('data') }),
              day: node('array_find', { data: param('data'), value: from('most') }, true),
            },
          },
        },
        true,
      ),
    },
  },
  {
    title: 'the largest rise, by a user-defined function',
    name: 'rise',
    area: { ...sampleArea, width: 90, height: 70 },
    nodes: {
      load: load(sampleArea, ['B04', 'B08']),
      ndvi: ndviOf('load'),
      rise: node(
        'reduce_dimension',
        {
          data: from('ndvi'),
          dimension: 't',
          reducer: {
            process_graph: {
              udf: node('run_udf', { data: param('data'), udf: rise, runtime: 'JavaScript' }, true),
            },
          },
        },
        true,
      ),
    },
  },
];

let world: WorkflowWorld;
let sample: string;
beforeAll(async () => {
  sample = await sampleCollection();
  world = await openWorkflows([sample, ...(sharedFolder ? [bolzano] : [])]);
}, 120_000);
afterAll(() => world?.close());

const python = pythonWith('numpy', 'rasterio', 'xarray');

function expected(workflow: string, area: Area, input: Args = {}): Float64Array {
  const collection = area.collection === 'TILEGRAPH_SAMPLE' ? sample : bolzano;
  const output = execFileSync(python!, [packagePath('test/e2e/support/workflows.py')], {
    input: JSON.stringify({ collection, area, workflow, ...input }),
    maxBuffer: 2 ** 28,
  });
  const values = JSON.parse(output.toString()) as (number | null)[];
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

/** Part of the values that are not the same: missing in one alone, or further apart than single precision explains. */
function differing(one: Float64Array, other: Float64Array, tolerance = 2e-5): number {
  expect(one.length).toBe(other.length);
  let count = 0;
  for (let i = 0; i < one.length; i++) {
    const distance = Math.abs(one[i] - other[i]);
    const isSame =
      Number.isNaN(one[i]) || Number.isNaN(other[i])
        ? Number.isNaN(one[i]) === Number.isNaN(other[i])
        : distance <= tolerance * Math.max(1, Math.abs(other[i]));
    if (!isSame) count++;
  }
  return count / one.length;
}

/** The grid of the area, on the pixels of the cube where that has others. */
function gridOf(cube: Cube, { width, height }: Area): Grid {
  return cube.isGridFixed ? cube.grid! : subGrid(cube.grid!, 0, 0, width, height);
}

/** Values at seven places, as numpy had them: what is compared where there is no Python. */
const places = (length: number) =>
  Array.from({ length: 7 }, (_, i) => Math.floor(((0.31 + i * 0.618) % 1) * length));

function compare(values: Float64Array, workflow: Workflow, grid?: Grid) {
  const { name, area, input, tolerance } = workflow;
  const known = stored[name];
  expect(values.length).toBe(known.length);
  const some = places(values.length).map((at) => (Number.isNaN(values[at]) ? null : values[at]));
  known.values.forEach((value, i) => {
    if (value === null || some[i] === null) expect(some[i]).toBe(value);
    else expect(some[i]).toBeCloseTo(value, 3);
  });
  if (!python) return;
  const more = grid && { grid: { ...grid, crs: grid.crs.id } };
  expect(differing(values, expected(name, area, { ...input, ...more }), tolerance)).toBe(0);
}

const ofSample = workflows.filter(({ area }) => area !== bolzanoArea);
const ofBolzano = workflows.filter(({ area }) => area === bolzanoArea);

/** The workflow's values equal those of numpy, whole and in chunks, with kernels and without. */
async function check(workflow: Workflow): Promise<void> {
  const cube = (await world.run(workflow.nodes, true)) as Cube;
  const grid = gridOf(cube, workflow.area);
  const whole = await readInChunks(cube, grid, 100_000);
  compare(whole, workflow, cube.isGridFixed ? grid : undefined);
  for (const side of [64, 256])
    expect([side, differing(await readInChunks(cube, grid, side), whole, 0)]).toEqual([side, 0]);
  const plain = (await world.run(workflow.nodes, false)) as Cube;
  for (const side of [64, 256, 100_000])
    expect([side, differing(await readInChunks(plain, grid, side), whole)]).toEqual([side, 0]);
}

describe('workflows on the sample collection', () => {
  test.each(ofSample.map((workflow) => [workflow.title, workflow] as const))(
    '%s',
    (_, workflow) => check(workflow),
    300_000,
  );

  test('zonal statistics as values, GeoJSON and CSV', async () => {
    const cube = (await world.run(
      { ...zonal, end: node('constant', { x: from('zones') }, true) },
      true,
    )) as Cube;
    const values = await readValues(cube);
    const workflow = {
      title: '',
      name: 'zonal',
      area: sampleArea,
      nodes: zonal,
      input: { geometries: zones() },
    };
    compare(values, workflow);
    const plain = (await world.run(
      { ...zonal, end: node('constant', { x: from('zones') }, true) },
      false,
    )) as Cube;
    expect(differing(await readValues(plain), values)).toBe(0);
    for (const format of ['GeoJSON', 'CSV']) {
      const saved = node('save_result', { data: from('zones'), format }, true);
      const result = (await world.run({ ...zonal, saved }, true)) as SavedResult;
      expect(result).toBeInstanceOf(SavedResult);
      const { body } = await encodeResult(result, { formats: outputFormats, signal, maxPixels: 1e7 });
      const text = String(body instanceof Uint8Array ? Buffer.from(body) : await buffer(body));
      const numbers = (text.match(/-?\d+\.\d+(?:e-?\d+)?/g) ?? []).map(Number);
      for (const value of values)
        expect(numbers.some((number) => Math.abs(number - value) < 1e-6 * Math.abs(value))).toBe(true);
    }
  }, 120_000);

  test('four tiles of 256 pixels are one of 512, with a kernel over an index', async () => {
    const { nodes } = { nodes: { load: load(sampleArea, ['B04', 'B08']), ndvi: ndviOf('load') } };
    const cube = (await world.run(
      {
        ...nodes,
        median: overTime('ndvi', 'median', false),
        smooth: node('apply_kernel', { data: from('median'), kernel, factor, border: 'reflect' }, true),
      },
      true,
    )) as Cube;
    const mercator = tileMatrixSet('WebMercatorQuad')!;
    const { z, x, y } = mercator.tileAt(11.3305, 47.7565, 13);
    const one = await readInChunks(cube, mercator.grid({ z, x, y }, 512), 100_000);
    expect(one.some((value) => !Number.isNaN(value))).toBe(true);
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]) {
      const tile = { z: z + 1, x: 2 * x + dx, y: 2 * y + dy };
      const quarter = await readInChunks(cube, mercator.grid(tile, 256), 100_000);
      const cut = quarter.map((_, i) => one[(dy * 256 + Math.floor(i / 256)) * 512 + dx * 256 + (i % 256)]);
      expect([dx, dy, differing(quarter, cut, 0)]).toEqual([dx, dy, 0]);
    }
  }, 120_000);
});

describeWith(sharedFolder, 'the imagery beside the repository', 'workflows on a real scene', () => {
  test.each(ofBolzano.map((workflow) => [workflow.title, workflow] as const))(
    '%s',
    (_, workflow) => check(workflow),
    300_000,
  );
});

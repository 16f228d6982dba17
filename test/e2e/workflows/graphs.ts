import { crsFromEpsg, transformer, wgs84 } from '../../../src/geo/crs';

import {
  type Args,
  bolzanoArea,
  element,
  from,
  load,
  type Nodes,
  ndviOf,
  node,
  overTime,
  param,
  reducer,
  sampleArea,
  type Workflow,
} from './nodes';

export const kernel = [
  [1, 4, 6, 4, 1],
  [4, 16, 24, 16, 4],
  [6, 24, 36, 24, 6],
  [4, 16, 24, 16, 4],
  [1, 4, 6, 4, 1],
];
export const factor = 1 / 256;

/** Fields whose borders stay away from the middles of pixels. */
export function zones(): Args {
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

export const zonal: Nodes = {
  load: load(sampleArea, ['B04', 'B08']),
  zones: node('aggregate_spatial', {
    data: from('load'),
    geometries: zones(),
    reducer: reducer('mean'),
  }),
};

export const workflows: readonly Workflow[] = [
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

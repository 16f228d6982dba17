import type { Json } from '../../support/api';

const from = (name: string) => ({ from_parameter: name });
const node = (name: string) => ({ from_node: name });
const callback = (process_id: string, args: object) => ({
  process_graph: { c: { process_id, arguments: args, result: true } },
});
const reducer = (process_id: string) => callback(process_id, { data: from('data') });
const box = { west: 11.33, south: 47.75, east: 11.336, north: 47.754 };
const load = (bands: readonly string[], more: object = {}) => ({
  process_id: 'load_collection',
  arguments: {
    id: 'TILEGRAPH_SAMPLE',
    spatial_extent: box,
    temporal_extent: ['2024-03-01', '2024-07-01'],
    bands,
    ...more,
  },
});
const reduce = (data: string, process_id = 'mean', dimension = 't') => ({
  process_id: 'reduce_dimension',
  arguments: { data: node(data), dimension, reducer: reducer(process_id) },
});
const save = (data: string, format: string, options: object = {}) => ({
  process_id: 'save_result',
  arguments: { data: node(data), format, options },
  result: true,
});
const call = (process_id: string, args: object) => ({ process_id, arguments: args });

/** Small graphs that work, of many processes: what fuzzing starts from. */
export const seeds: readonly Json[] = [
  {
    load: load(['B04', 'B08']),
    ndvi: call('ndvi', { data: node('load'), nir: 'B08', red: 'B04' }),
    t: reduce('ndvi', 'max'),
    colours: call('colormap', { data: node('t'), palette: 'viridis', min: -1, max: 1 }),
    save: save('colours', 'PNG'),
  },
  {
    load: load(['B04', 'B03', 'B02']),
    t: reduce('load', 'median'),
    stretch: call('apply', {
      data: node('t'),
      process: callback('linear_scale_range', { x: from('x'), inputMin: 0, inputMax: 0.4, outputMax: 255 }),
    }),
    save: save('stretch', 'JPEG', { quality: 80 }),
  },
  {
    fine: load(['B04']),
    coarse: load(['B11']),
    both: call('merge_cubes', {
      cube1: node('fine'),
      cube2: node('coarse'),
      overlap_resolver: callback('max', { data: [from('x'), from('y')] }),
    }),
    sums: reduce('both', 'sum', 'bands'),
    save: save('sums', 'GTiff', { tile_size: 128 }),
  },
  {
    load: load(['B04', 'SCL']),
    scl: call('filter_bands', { data: node('load'), bands: ['SCL'] }),
    band: reduce('scl', 'first', 'bands'),
    clouds: call('apply', {
      data: node('band'),
      process: {
        process_graph: {
          high: { process_id: 'gte', arguments: { x: from('x'), y: 8 } },
          low: { process_id: 'eq', arguments: { x: from('x'), y: 3, delta: null } },
          or: { process_id: 'or', arguments: { x: node('high'), y: node('low') }, result: true },
        },
      },
    }),
    mask: call('mask', { data: node('load'), mask: node('clouds'), replacement: null }),
    t: reduce('mask', 'last'),
    warped: call('resample_spatial', {
      data: node('t'),
      projection: 3857,
      resolution: 40,
      method: 'bilinear',
    }),
    save: save('warped', 'JSON'),
  },
  {
    load: load(['B04', 'B08'], {
      properties: { 'eo:cloud_cover': callback('lte', { x: from('value'), y: 90 }) },
    }),
    bands: {
      process_id: 'reduce_dimension',
      arguments: {
        data: node('load'),
        dimension: 'bands',
        context: { k: 2 },
        reducer: {
          process_graph: {
            nir: call('array_element', { data: from('data'), label: 'B08' }),
            red: call('array_element', { data: from('data'), index: 0 }),
            d: call('subtract', { x: node('nir'), y: node('red') }),
            s: call('add', { x: node('nir'), y: node('red') }),
            q: call('divide', { x: node('d'), y: node('s') }),
            positive: call('gt', { x: node('q'), y: 0 }),
            if: {
              process_id: 'if',
              arguments: { value: node('positive'), accept: node('q'), reject: 0 },
              result: true,
            },
          },
        },
      },
    },
    box: call('filter_bbox', { data: node('bands'), extent: { ...box, east: 11.334 } }),
    day: call('filter_temporal', { data: node('box'), extent: ['2024-05-01', '2024-07-01'], dimension: 't' }),
    t: reduce('day', 'min'),
    save: save('t', 'WEBP', { range: [-1, 1] }),
  },
  {
    load: load(['B02', 'B03']),
    names: call('rename_labels', {
      data: node('load'),
      dimension: 'bands',
      target: ['b', 'g'],
      source: ['B02', 'B03'],
    }),
    y: call('apply_dimension', {
      data: node('names'),
      dimension: 'y',
      process: callback('array_create', { data: from('data'), repeat: 1 }),
    }),
    x: reduce('y', 'mean', 'x'),
    yy: { ...reduce('x', 'max', 'y'), result: true },
  },
  {
    numbers: call('array_create', { data: [1, 2, 3, null, 5.5], repeat: 2 }),
    first: call('first', { data: node('numbers'), ignore_nodata: false }),
    mean: call('mean', { data: node('numbers') }),
    power: call('power', { base: node('mean'), p: 2 }),
    round: call('round', { x: node('power'), p: 1 }),
    all: {
      process_id: 'array_create',
      arguments: { data: [node('first'), node('round'), { from_node: 'mean' }] },
      result: true,
    },
  },
  {
    load: load(['B04', 'B08']),
    t: reduce('load', 'median'),
    index: {
      process_id: 'reduce_dimension',
      arguments: {
        data: node('t'),
        dimension: 'bands',
        context: { scale: 2 },
        reducer: callback('run_udf', {
          data: from('data'),
          udf: 'function udf([red, nir], { scale }) {\n  return red === null ? null : (scale * (nir - red)) / (nir + red);\n}',
          runtime: 'JavaScript',
          version: null,
          context: from('context'),
        }),
      },
    },
    save: save('index', 'PNG', { range: [-1, 1] }),
  },
  {
    load: load(['B04']),
    coarse: call('resample_spatial', { data: node('load'), resolution: 60, projection: 32632 }),
    fit: call('apply_dimension', {
      data: node('coarse'),
      dimension: 't',
      process: callback('fit_curve', {
        data: from('data'),
        parameters: [1],
        function: callback('array_element', { data: from('parameters'), index: 0 }),
      }),
    }),
    predict: call('predict_curve', {
      parameters: node('fit'),
      function: callback('array_element', { data: from('parameters'), index: 0 }),
      dimension: 't',
      labels: ['2024-08-01'],
    }),
    save: save('predict', 'GTiff'),
  },
  {
    shapes: call('load_geojson', {
      data: {
        type: 'FeatureCollection',
        features: [
          {
            type: 'Feature',
            id: 'a',
            properties: { n: 1 },
            geometry: { type: 'Point', coordinates: [11.331, 47.752] },
          },
          {
            type: 'Feature',
            id: 'b',
            properties: { n: 2 },
            geometry: { type: 'Point', coordinates: [11.4, 47.8] },
          },
        ],
      },
      properties: ['n'],
    }),
    meters: call('vector_reproject', { data: node('shapes'), projection: 32632 }),
    disks: call('vector_buffer', { geometries: node('meters'), distance: 50 }),
    near: call('filter_vector', { data: node('disks'), geometries: node('meters'), relation: 'intersects' }),
    save: save('near', 'GeoJSON'),
  },
];

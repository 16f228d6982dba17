import { crsFromEpsg, transformBounds, wgs84 } from '../../../src/geo/crs';
import { type Cube, deriveCube, gridBounds } from '../../../src/raster/cube';
import {
  callback,
  codeOf,
  describeCube,
  from,
  fromNode,
  readAll,
  runCube,
  runGraph,
  runProcess,
  signal,
} from './kit';
import { openSample, type SampleWorld } from './sample-world';

let sample: SampleWorld;
beforeAll(async () => {
  sample = await openSample();
});
afterAll(() => sample.close());

const load = (args: object) =>
  runCube(
    'load_collection',
    { id: sample.id, spatial_extent: null, temporal_extent: null, ...args },
    sample.context,
  );
const small = { west: 675_003, south: 5_290_003, east: 675_083, north: 5_290_052, crs: 32632 };

test('the names and the order of the dimensions are those of the collection', async () => {
  const document = await sample.context.catalog.get(sample.id);
  const described = document!['cube:dimensions'] as unknown as Record<
    string,
    { type: string; values?: string[] }
  >;
  const cube = await load({});
  expect(cube.dimensions.map(({ name }) => name)).toEqual(Object.keys(described));
  const bands = Object.entries(described).find(([, { type }]) => type === 'bands')!;
  expect(describeCube(cube)[bands[0]]).toEqual(bands[1].values);
  expect(cube.dataVersion).toMatch(/\w{10}/);
});

test('bands are chosen by name or common name, in the order of the argument', async () => {
  const cube = await load({ bands: ['nir', 'B02', 'red', 'B08'] });
  const bands = cube.dimensions.find(({ type }) => type === 'bands')!;
  expect(bands.labels).toEqual(['B08', 'B02', 'B04']);
  expect(bands).toMatchObject({
    bands: [{ commonName: 'nir' }, { commonName: 'blue' }, { commonName: 'red' }],
  });
  expect(bands).toMatchObject({ bands: [{ centerWavelength: 0.842 }, {}, {}] });
  expect(await codeOf(load({ bands: ['B99'] }))).toBe('ProcessParameterInvalid');
  expect(await codeOf(load({ bands: ['__proto__'] }))).toBe('ProcessParameterInvalid');
});

test('more scenes than a cube may have are refused before any of them is opened', async () => {
  const { catalog } = sample.context;
  const [item] = await catalog.items(sample.id, {}, signal);
  const items = Array.from({ length: 10_001 }, (_, index) => ({ ...item, id: `${index}` }));
  const crowded = { ...sample.context, catalog: { ...catalog, items: async () => items } };
  const args = { id: sample.id, spatial_extent: null, temporal_extent: null };
  await expect(runCube('load_collection', args, crowded)).rejects.toMatchObject({
    code: 'ProcessGraphComplexity',
    message: expect.stringContaining('10,001 scenes'),
  });
});

test('wavelengths select bands afterwards', async () => {
  const cube = await runCube('filter_bands', {
    data: await load({}),
    wavelengths: [
      [0.6, 0.9],
      [0.4, 0.5],
    ],
  });
  expect(cube.dimensions.find(({ type }) => type === 'bands')!.labels).toEqual(['B04', 'B08', 'B02']);
});

test('a box keeps the pixels whose centres it holds, as filter_bbox does', async () => {
  const whole = await load({ bands: ['B04'] });
  const cube = await load({ bands: ['B04'], spatial_extent: small });
  expect(gridBounds(cube.grid!)).toEqual({
    west: 675_000,
    south: 5_290_000,
    east: 675_080,
    north: 5_290_050,
  });
  const filtered = await runCube('filter_bbox', { data: whole, extent: small });
  expect(cube.grid).toEqual(filtered.grid);
  const values = await readAll(cube);
  expect(values).toEqual(await readAll(filtered));
  expect(values).toEqual(await readAll(whole, { grid: cube.grid }));
  expect(values.some((value) => value !== null)).toBe(true);
});

test('longitudes and latitudes are the default of a box', async () => {
  const { west, south, east, north } = transformBounds(
    { west: 675_000, south: 5_290_000, east: 675_200, north: 5_290_200 },
    crsFromEpsg(32632),
    wgs84,
  );
  const cube = await load({ bands: ['B04'], spatial_extent: { west, south, east, north } });
  const { width, height } = cube.grid!;
  expect([width, height].every((length) => length >= 20 && length <= 22)).toBe(true);
});

test('polygons keep the pixels inside of them', async () => {
  const { west, south, east, north } = transformBounds(
    { west: 675_000, south: 5_290_000, east: 675_400, north: 5_290_400 },
    crsFromEpsg(32632),
    wgs84,
  );
  const triangle = {
    type: 'Polygon',
    coordinates: [
      [
        [west, south],
        [east, south],
        [west, north],
        [west, south],
      ],
    ],
  };
  const cube = await load({ bands: ['B04'], spatial_extent: triangle });
  const values = await readAll(cube);
  const kept = values.filter((value) => value !== null).length / values.length;
  expect(kept).toBeGreaterThan(0.4);
  expect(kept).toBeLessThan(0.6);
  const { width } = cube.grid!;
  expect(values[width - 1]).toBeNull();
  expect(await codeOf(load({ spatial_extent: { type: 'Point', coordinates: [west, south] } }))).toBe(
    'ProcessParameterInvalid',
  );
});

test('times are limited to a left-closed interval', async () => {
  const all = (await load({})).dimensions.find(({ type }) => type === 'temporal')!.labels as string[];
  const labels = async (extent: unknown) =>
    (await load({ temporal_extent: extent })).dimensions.find(({ type }) => type === 'temporal')!.labels;
  expect(all.length).toBeGreaterThan(2);
  expect(await labels([all[0], all[2]])).toEqual(all.slice(0, 2));
  expect(await labels([all[1], null])).toEqual(all.slice(1));
  expect(await codeOf(load({ temporal_extent: ['2020-01-01', '2019-01-01'] }))).toBe('TemporalExtentEmpty');
});

test('conditions on properties choose items', async () => {
  const clear = await load({
    properties: { 'eo:cloud_cover': callback('lte', { x: from('value'), y: 10 }) },
  });
  const items = await sample.context.catalog.items(sample.id, {}, signal);
  const expected = items.filter((item) => (item.properties['eo:cloud_cover'] as number) <= 10);
  expect(expected.length).toBeGreaterThan(0);
  expect(expected.length).toBeLessThan(items.length);
  expect(clear.dimensions.find(({ type }) => type === 'temporal')!.labels).toHaveLength(expected.length);
  const absent = { constructor: callback('is_nodata', { x: from('value') }) };
  expect((await load({ properties: absent })).dimensions).toHaveLength(4);
});

test.each([
  ['a box elsewhere', { spatial_extent: { west: 100, south: -10, east: 101, north: -9 } }],
  ['a time before', { temporal_extent: ['1999-01-01', '1999-02-01'] }],
  [
    'a condition that nothing meets',
    { properties: { 'eo:cloud_cover': callback('gt', { x: from('value'), y: 1000 }) } },
  ],
  [
    'a box that holds no centre',
    { spatial_extent: { west: 675_001, south: 5_290_001, east: 675_002, north: 5_290_002, crs: 32632 } },
  ],
])('%s has no data', async (_, args) => {
  expect(await codeOf(load(args))).toBe('NoDataAvailable');
});

test.each([
  ['unknown collection', { id: 'nowhere' }, 'CollectionNotFound'],
  ['prototype name', { id: 'constructor' }, 'CollectionNotFound'],
  ['unknown reference system', { spatial_extent: { ...small, crs: 999_999 } }, 'ProcessParameterInvalid'],
  ['box upside down', { spatial_extent: { ...small, south: 6_000_000 } }, 'ProcessParameterInvalid'],
])('%s', async (_, args, code) => {
  expect(await codeOf(load(args))).toBe(code);
});

test('load_stac gives the same cube as load_collection', async () => {
  const args = { bands: ['B08'], spatial_extent: small, temporal_extent: null };
  const one = await load(args);
  const other = await runCube(
    'load_stac',
    { url: 'https://stac.example/collection', ...args },
    sample.context,
  );
  expect(describeCube(other)).toEqual(describeCube(one));
  expect(await readAll(other)).toEqual(await readAll(one));
});

test('only what the output needs is read', async () => {
  const reads: unknown[] = [];
  const context = {
    ...sample.context,
    raster: {
      ...sample.context.raster,
      sceneCube: async (...args: Parameters<typeof sample.context.raster.sceneCube>) => {
        const cube = await sample.context.raster.sceneCube(...args);
        return deriveCube(cube, {
          read(window, aborted) {
            reads.push(Object.fromEntries(window.select ?? []));
            return cube.read(window, aborted);
          },
        });
      },
    },
  };
  const cube = (await runGraph(
    {
      load: {
        process_id: 'load_collection',
        arguments: { id: sample.id, spatial_extent: small, temporal_extent: null },
      },
      last: {
        process_id: 'reduce_dimension',
        arguments: {
          data: fromNode('load'),
          dimension: 'time',
          reducer: callback('array_element', { data: from('data'), index: 1 }),
        },
      },
      red: {
        process_id: 'reduce_dimension',
        arguments: {
          data: fromNode('last'),
          dimension: 'spectral',
          reducer: callback('array_element', { data: from('data'), label: 'B04' }),
        },
        result: true,
      },
    },
    {},
    context,
  )) as Cube;
  expect(reads).toEqual([]);
  expect((await readAll(cube)).some((value) => value !== null)).toBe(true);
  const all = (await load({})).dimensions.find(({ type }) => type === 'bands')!.labels as string[];
  expect(reads).toEqual([{ time: [1], spectral: [all.indexOf('B04')] }]);
});

test('what is saved is checked before it is made', async () => {
  const data = await load({ bands: ['B04'] });
  expect(await runProcess('save_result', { data, format: 'png' })).toMatchObject({
    format: 'PNG',
    options: {},
  });
  expect(await codeOf(runProcess('save_result', { data, format: 'constructor' }))).toBe('FormatUnsuitable');
  expect(await codeOf(runProcess('save_result', { data, format: 'PNG', options: { depht: 8 } }))).toBe(
    'ProcessParameterInvalid',
  );
  expect(await codeOf(runProcess('save_result', { data, format: 'PNG', options: { depth: 9 } }))).toBe(
    'ProcessParameterInvalid',
  );
  const none = await runCube('filter_bands', { data, bands: ['B02'] });
  expect(await codeOf(runProcess('save_result', { data: none, format: 'GTiff' }))).toBe('DataCubeEmpty');
  expect(await runProcess('save_result', { data: none, format: 'JSON' })).toMatchObject({ format: 'JSON' });
  const column = await runCube('reduce_dimension', {
    data: await load({ bands: ['B04'], spatial_extent: small }),
    dimension: 'easting',
    reducer: callback('max', { data: from('data') }),
  });
  expect(await codeOf(runProcess('save_result', { data: column, format: 'PNG' }))).toBe('FormatUnsuitable');
});

import type { Dimension } from '../../../../src/raster/cube';
import { inputFormats } from '../../../../src/raster/formats/input/registry';
import { outputFormats } from '../../../../src/raster/formats/registry';
import { memoryCube } from '../../../../src/raster/memory-cube';
import { farTriangle, functionCube, triangle, utmGrid } from '../support';
import { contentOf, roundTrip } from './support';

const has = (format: string) =>
  [inputFormats, outputFormats].every((formats) => formats.some(({ name }) => name === format));

const times = ['2024-01-01T00:00:00Z', '2024-02-01T12:30:00Z'];

const series = functionCube({
  grid: utmGrid(37, 23),
  bands: ['B04', 'B08'],
  times,
  dataType: 'int16',
  missing: 'mask',
  value: (x, y, layer) => (x === y ? null : x + 100 * y + 1000 * layer - 500),
});

describe.each(['GTiff', 'netCDF', 'Zarr', 'JSON', 'CSV', 'Parquet', 'CovJSON'])(
  'a series of pixels in %s',
  (format) => {
    test('keeps its dimensions, place and values', async () => {
      expect(has(format)).toBe(true);
      const isTable = ['CSV', 'Parquet'].includes(format);
      const read = format === 'CSV' ? { crs: 32633 } : {};
      const loaded = await contentOf(await roundTrip(format, series, { read }));
      const { dataType, ...expected } = await contentOf(series);
      const { dataType: loadedType, ...content } = loaded;
      expect(content.grid).toEqual(expected.grid);
      // Formats have their own order of bands and dates.
      const bandsFirst = ['netCDF', 'Zarr', 'CovJSON'].includes(format);
      expect(new Set(content.dimensions.map(([, name]) => name))).toEqual(new Set(['t', 'bands', 'y', 'x']));
      const order = bandsFirst ? [0, 2, 1, 3] : [0, 1, 2, 3];
      const pixels = 37 * 23;
      const values = order.flatMap((layer) => expected.values.slice(layer * pixels, (layer + 1) * pixels));
      expect(content.values).toEqual(values);
      for (const [type, name, labels] of content.dimensions)
        expect([type, name, labels]).toEqual(
          expected.dimensions.find((other) => other[1] === name)!.concat(labels ? [] : [undefined]),
        );
      expect(isTable || format.endsWith('JSON') ? 'float64' : dataType).toBe(loadedType);
    });
  },
);

test.each(['netCDF', 'Zarr', 'JSON', 'CSV', 'Parquet', 'CovJSON'])(
  'degrees, one row and one column in %s',
  async (format) => {
    const grid = { ...utmGrid(5, 1, 0.25, 4326), originX: 10, originY: 50 };
    const cube = functionCube({ grid, bands: ['v'], value: (x) => x / 8 });
    const read = format === 'CSV' ? { crs: 'EPSG:4326' } : {};
    const content = await contentOf(await roundTrip(format, cube, { read }));
    expect(content.grid).toEqual({ crs: 'EPSG:4326', place: [10, 50, 0.25, 0.25, 5, 1] });
    expect(content.values).toEqual([0, 1 / 8, 2 / 8, 3 / 8, 4 / 8]);
  },
);

const zones: Dimension = {
  type: 'geometry',
  name: 'geometry',
  labels: [
    { type: 'Point', coordinates: [11, 46] },
    {
      type: 'MultiPolygon',
      coordinates: [[farTriangle], [triangle]],
    },
    {
      type: 'LineString',
      coordinates: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
  ],
  features: [
    { id: 'a', properties: { name: 'Süd, "x"' } },
    { id: 'b', properties: { name: '1' } },
    { id: 'c', properties: { name: null } },
  ],
  referenceSystem: 4326,
};

const zonal = memoryCube({
  dimensions: [
    zones,
    { type: 'temporal', name: 't', labels: times },
    { type: 'bands', name: 'bands', labels: ['mean', 'count'] },
  ],
  data: Float64Array.from({ length: 12 }, (_, index) => (index === 5 ? Number.NaN : index / 4)),
});

test.each(['netCDF', 'Zarr', 'CSV', 'Parquet'])('geometries with values over time in %s', async (format) => {
  const cube = await roundTrip(format, zonal, { ...(format === 'CSV' && { write: { geometry: 'wkt' } }) });
  const { dimensions, values } = await contentOf(cube);
  const expected = (await contentOf(zonal)).values;
  expect(dimensions.find(([type]) => type === 'geometry')![2]).toEqual(zones.labels);
  expect(dimensions.find(([type]) => type === 'temporal')![2]).toEqual(times);
  expect(dimensions.find(([type]) => type === 'bands')![2]).toEqual(['mean', 'count']);
  const isBandFirst = dimensions[0][0] === 'bands';
  const sorted = isBandFirst
    ? [0, 1].flatMap((band) => expected.filter((_, index) => index % 2 === band))
    : expected;
  expect(values).toEqual(sorted);
  if (format === 'CSV' || format === 'Parquet')
    expect(cube.dimensions.find(({ type }) => type === 'geometry')).toMatchObject({
      features: [
        { id: 'a', properties: { name: 'Süd, "x"' } },
        { id: 'b', properties: { name: '1' } },
        { id: 'c', properties: { name: null } },
      ],
    });
});

test('points and polygons over time in CovJSON', async () => {
  for (const labels of [
    [zones.labels![0], { type: 'Point', coordinates: [12, 47] }],
    [
      {
        type: 'Polygon',
        coordinates: [triangle],
      },
    ],
  ]) {
    const cube = memoryCube({
      dimensions: [
        { type: 'geometry', name: 'geometry', labels, referenceSystem: 32633 },
        { type: 'temporal', name: 't', labels: times },
      ],
      data: Float64Array.from({ length: labels.length * 2 }, (_, index) => index || Number.NaN),
    });
    const loaded = await roundTrip('CovJSON', cube);
    expect(loaded.dimensions[0]).toMatchObject({
      type: 'geometry',
      name: 'geometry',
      referenceSystem: 32633,
    });
    const { dimensions, values } = await contentOf(cube);
    expect(await contentOf(loaded)).toMatchObject({ dimensions, values });
  }
});

test('geometries with properties in GeoJSON', async () => {
  const cube = memoryCube({ dimensions: [zones], data: Float64Array.of(1.5, 2, Number.NaN) });
  const loaded = await roundTrip('GeoJSON', cube, { read: { properties: ['value', 'name'] } });
  expect(await contentOf(loaded)).toMatchObject({
    dimensions: [
      ['geometry', 'geometry', zones.labels],
      ['other', 'properties', ['value', 'name']],
    ],
    values: [1.5, 'Süd, "x"', 2, '1', null, null],
  });
});

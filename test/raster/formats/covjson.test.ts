import type { Dimension } from '../../../src/raster/cube';
import { covjson } from '../../../src/raster/formats/covjson';
import { memoryCube } from '../../../src/raster/memory-cube';
import { bytesOf, encodeRequest, functionCube, triangle, utmGrid } from './support';

async function coverage(data: unknown) {
  const { body, mediaType } = await covjson.encode(data, encodeRequest());
  expect(mediaType).toBe('application/prs.coverage+json');
  return JSON.parse((await bytesOf(body)).toString());
}

test('a series of pixels is a coverage on a grid', async () => {
  const cube = functionCube({
    grid: utmGrid(3, 2),
    bands: ['a', '__proto__'],
    times: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'],
    dataType: 'int16',
    value: (x, y, layer) => (x === 2 ? null : x + 10 * y + 100 * layer),
  });
  const document = await coverage(cube);
  expect(document.domain).toEqual({
    type: 'Domain',
    domainType: 'Grid',
    axes: {
      t: { values: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'] },
      y: { start: 5199995, stop: 5199985, num: 2 },
      x: { start: 600005, stop: 600025, num: 3 },
    },
    referencing: [
      { coordinates: ['t'], system: { type: 'TemporalRS', calendar: 'Gregorian' } },
      {
        coordinates: ['x', 'y'],
        system: { type: 'ProjectedCRS', id: 'http://www.opengis.net/def/crs/EPSG/0/32633' },
      },
    ],
  });
  expect(Object.keys(document.parameters)).toEqual(['a', '__proto__']);
  expect(document.ranges.a).toEqual({
    type: 'NdArray',
    dataType: 'integer',
    axisNames: ['t', 'y', 'x'],
    shape: [2, 2, 3],
    values: [0, 1, null, 10, 11, null, 200, 201, null, 210, 211, null],
  });
});

test('geometries of one kind are composite axes, those of several are refused', async () => {
  const polygon = {
    type: 'Polygon',
    coordinates: [triangle],
  };
  const zones = (labels: unknown[]): Dimension => ({ type: 'geometry', name: 'g', labels });
  const times: Dimension = { type: 'temporal', name: 'dates', labels: ['2024-01-01', '2024-02-01'] };
  const document = await coverage(
    memoryCube({ dimensions: [zones([polygon]), times], data: Float64Array.of(1, Number.NaN) }),
  );
  expect(document.domain).toMatchObject({
    domainType: 'MultiPolygonSeries',
    axes: { composite: { dataType: 'polygon', coordinates: ['x', 'y'], values: [polygon.coordinates] } },
  });
  expect(document.ranges.value.values).toEqual([1, null]);
  const mixed = memoryCube({
    dimensions: [zones([polygon, { type: 'Point', coordinates: [1, 2] }])],
    data: Float64Array.of(1, 2),
  });
  await expect(coverage(mixed)).rejects.toMatchObject({ code: 'FormatUnsuitable' });
  await expect(coverage(5)).rejects.toMatchObject({ code: 'FormatUnsuitable' });
});

test('more values than a document should have are refused before they are read', async () => {
  let reads = 0;
  const cube = functionCube({ grid: utmGrid(3000, 3000), onRead: () => reads++, value: () => 1 });
  await expect(coverage(cube)).rejects.toMatchObject({ code: 'ProcessGraphComplexity' });
  expect(reads).toBe(0);
});

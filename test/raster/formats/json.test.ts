import { LabeledArray } from '../../../src/graph/types';
import { defineCube, deriveCube } from '../../../src/raster/cube';
import { json } from '../../../src/raster/formats/json';
import { bytesOf, encodeRequest, functionCube, utmGrid } from './support';

async function written(data: unknown, changes = {}): Promise<unknown> {
  const { body } = await json.encode(data, encodeRequest({}, changes));
  return JSON.parse((await bytesOf(body)).toString());
}

test('plain values, with null for what is not finite', async () => {
  expect(await written(3.25)).toBe(3.25);
  expect(await written(null)).toBeNull();
  expect(await written([1, Number.NaN, Infinity, 'ä\u2028', { a: -Infinity }])).toEqual([
    1,
    null,
    null,
    'ä\u2028',
    { a: null },
  ]);
  expect(await written(Float32Array.of(0.5, Number.NaN))).toEqual([0.5, null]);
  const odd = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}');
  const text = (await bytesOf((await json.encode(odd, encodeRequest())).body)).toString();
  expect(text).toBe('{"__proto__":{"x":1},"constructor":2}');
});

test('labelled arrays', async () => {
  expect(await written({ a: new LabeledArray(['B1', 2], [0.5, Number.NaN]) })).toEqual({
    a: {
      type: 'labeled-array',
      data: [
        { key: 'B1', value: 0.5 },
        { key: 2, value: null },
      ],
    },
  });
});

test.each(['nan', 'mask'] as const)('data cubes with a grid, missing values as %s', async (missing) => {
  const cube = functionCube({
    grid: utmGrid(3, 2),
    bands: ['B1', 'B2'],
    times: ['2024-01-01T00:00:00Z'],
    missing,
    value: (x, y, layer) => (x === 2 && y === 1 ? null : x + 10 * y + 100 * layer),
  });
  const written0 = await written(cube);
  expect(written0).toEqual({
    type: 'datacube',
    dimensions: {
      t: { type: 'temporal', values: ['2024-01-01T00:00:00Z'] },
      bands: { type: 'bands', values: ['B1', 'B2'] },
      y: { type: 'spatial', axis: 'y', values: [5199995, 5199985], reference_system: 32633 },
      x: { type: 'spatial', axis: 'x', values: [600005, 600015, 600025], reference_system: 32633 },
    },
    order: ['t', 'bands', 'y', 'x'],
    data: [
      [
        [
          [0, 1, 2],
          [10, 11, null],
        ],
        [
          [100, 101, 102],
          [110, 111, null],
        ],
      ],
    ],
  });
});

test('data cubes without a grid, of truth and of text', async () => {
  const dimensions = [{ type: 'other', name: 'where', labels: ['a', 'b'] }] as const;
  const base = {
    dimensions,
    nodata: null,
    missing: 'mask',
    locality: 'local',
    isGridFixed: false,
    dataVersion: '1',
  } as const;
  const truth = defineCube({
    ...base,
    dataType: 'boolean',
    read: async () => ({ shape: [2], data: Uint8Array.of(1, 0), valid: Uint8Array.of(1, 1) }),
  });
  expect(await written(truth)).toMatchObject({ order: ['where'], data: [true, false] });
  const text = defineCube({
    ...base,
    dataType: 'text',
    read: async () => ({ shape: [2], data: ['x"', null] }),
  });
  expect(await written(text)).toMatchObject({ data: ['x"', null] });
  const scalar = defineCube({
    ...base,
    dimensions: [],
    dataType: 'float64',
    read: async () => ({ shape: [], data: Float64Array.of(4) }),
  });
  expect(await written(scalar)).toEqual({ type: 'datacube', dimensions: {}, order: [], data: 4 });
});

test('what is no data, too large or empty is refused', async () => {
  class Model {}
  const cube = functionCube({ grid: utmGrid(10, 10), value: () => 1 });
  for (const value of [() => 1, new Model(), Symbol('x'), [1, { deep: new Map() }], { inner: cube }])
    await expect(written(value)).rejects.toMatchObject({ code: 'ResultNotRenderable' });
  await expect(written([1, { deep: new Map() }])).rejects.toMatchObject({
    message: expect.stringContaining('/1/deep'),
  });
  let nested: unknown = 1;
  for (let depth = 0; depth < 20_000; depth++) nested = [nested];
  await expect(written(nested)).rejects.toMatchObject({ message: expect.stringMatching(/too deeply/) });
  await expect(written(cube, { maxPixels: 99 })).rejects.toMatchObject({ code: 'ProcessGraphComplexity' });
  await expect(written(functionCube({ grid: utmGrid(3000, 3000), value: () => 1 }))).rejects.toMatchObject({
    message: expect.stringContaining('at most 5,000,000'),
  });
  const empty = { ...cube.dimensions[0], labels: [] } as (typeof cube.dimensions)[0];
  await expect(
    written(deriveCube(cube, { dimensions: [empty, ...cube.dimensions.slice(1)] })),
  ).rejects.toMatchObject({
    code: 'DataCubeEmpty',
  });
});

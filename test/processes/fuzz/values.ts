import { LabeledArray } from '../../../src/graph/types';
import type { Cube, Dimension } from '../../../src/raster/cube';
import { memoryCube } from '../../../src/raster/memory-cube';
import { bands, cubeOf, gridOf, times, x, y } from '../cubes/kit';

export const grid = gridOf(3, 2);
const t = times('2024-01-01', '2024-02-01T12:00:00Z', '2024-03-01');
const b = bands('B04', 'B08');
const numbers = (count: number) => Array.from({ length: count }, (_, i) => (i % 5 === 3 ? null : i - 4));
const points: Dimension = {
  type: 'geometry',
  name: 'geometry',
  labels: [
    { type: 'Point', coordinates: [10.3, 46.9] },
    null,
    {
      type: 'Polygon',
      coordinates: [
        [
          [10.31, 46.9],
          [10.32, 46.9],
          [10.32, 46.93],
          [10.31, 46.9],
        ],
      ],
    },
  ],
};
const features: Dimension = {
  ...points,
  features: ['one', 2, 'three'].map((id) => ({ id, properties: { id } })),
};
const other: Dimension = { type: 'other', name: 'n', labels: [0, 1] };

/** Cubes of all kinds, as small as they can be. */
export const cubes: readonly Cube[] = [
  cubeOf([t, b, y, x], numbers(36), { grid }),
  cubeOf([t, b, y, x], numbers(36), { grid, form: 'mask' }),
  cubeOf([y, x], numbers(6), { grid, dataType: 'uint8', form: 'mask' }),
  cubeOf([b, t], numbers(6)),
  cubeOf([t], [1, null, 3], { form: 'mask', dataType: 'float64' }),
  cubeOf([bands(), y, x], [], { grid }),
  cubeOf([t, y, x], Array(18).fill(true), { grid, dataType: 'boolean', form: 'mask' }),
  cubeOf([b], ['a', null], { dataType: 'text' }),
  cubeOf([points, other], [1, 2, null, 4, 5, 6], { form: 'mask' }),
  cubeOf([points], [1, 2, 3]),
  cubeOf([other, features], [1, 2, null, 4, 5, 6], { form: 'mask' }),
  cubeOf([other, y, x], numbers(12), { grid }),
  cubeOf([times(), y, x], [], { grid }),
  memoryCube({ dimensions: [], shape: [], data: Float64Array.of(1) }),
];

export const scalars: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1,
    2,
    0.5,
    -0,
    1e308,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ],
  ...[
    '',
    'a',
    'B04',
    't',
    'x',
    'bands',
    'n',
    'geometry',
    'day',
    'month',
    'near',
    'mean',
    '__proto__',
    'constructor',
    'P1M',
    'POINT (10.3 46.9)',
    'POLYGON EMPTY',
  ],
  ...[
    '2024-01-01',
    '2024-02-01T12:00:00Z',
    '00:00:00Z',
    '2024-13-45',
    4326,
    32632,
    'EPSG:4326',
    'GTiff',
    'JSON',
    '🛰️',
  ],
];
export const arrays: readonly unknown[] = [
  [],
  [1, 2, 3],
  [null],
  [1, null, Number.NaN, 'a', true],
  ['B04', 'B08'],
  ['2024-01-01', '2024-03-01'],
  [
    ['2024-01-01', '2024-02-01'],
    ['2024-02-01', null],
  ],
  [
    [0, 1, 0],
    [1, 1, 1],
    [0, 1, 0],
  ],
  [[1]],
  [1, [2, [3]]],
  [
    { dimension: 'x', value: 2, unit: 'px' },
    { dimension: 'y', value: 1, unit: 'px' },
  ],
  [{ dimension: 't', value: 1 }],
  new LabeledArray(['B04', 'B08'], [1, null]),
  new LabeledArray([0, 1], ['a', 2]),
  new LabeledArray([], []),
  new LabeledArray(['2024-01-01', '2024-02-01'], [3, 4]),
];
export const objects: readonly unknown[] = [
  {},
  { west: 10.3, south: 46.9, east: 10.4, north: 47 },
  { west: 600_000, south: 5_199_980, east: 600_020, north: 5_200_000, crs: 32632 },
  { type: 'Point', coordinates: [10.31, 46.93] },
  {
    type: 'Polygon',
    coordinates: [
      [
        [10, 46],
        [11, 46],
        [11, 47.5],
        [10, 46],
      ],
    ],
  },
  { type: 'FeatureCollection', features: [] },
  { from: 1 },
  JSON.parse('{"__proto__": {"polluted": true}}'),
];

import type { Cube } from '../../../src/raster/cube';
import { bands, callback, cubeOf, from, readAll, reducer, runCube } from './kit';

const texts = cubeOf([bands('a', 'b')], ['x', null], { form: 'mask', dataType: 'text' });
const bytes = cubeOf([bands('a', 'b')], [1, 2], { form: 'mask', dataType: 'uint8' });

const along = (data: Cube, process: object) =>
  runCube('apply_dimension', { data, dimension: 'bands', process });

test.each([
  ['appended texts', texts, reducer('array_append', { value: 'y' }), 'text', ['x', null, 'y']],
  [
    'texts and numbers',
    texts,
    callback('array_concat', { array1: from('data'), array2: [1] }),
    'text',
    ['x', null, 1],
  ],
  ['labels', bytes, reducer('array_labels'), 'text', ['a', 'b']],
  ['appended bytes', bytes, reducer('array_append', { value: null }), 'uint8', [1, 2, null]],
  ['bytes and more', bytes, reducer('array_append', { value: 3.5 }), 'float32', [1, 2, 3.5]],
  ['a new array of texts', bytes, callback('array_create', { data: ['p', 'q'] }), 'text', ['p', 'q']],
])('cubes know what they hold: %s', async (_, data, process, dataType, values) => {
  const cube = await along(data, process);
  expect(cube.dataType).toBe(dataType);
  expect(await readAll(cube)).toEqual(values);
});

test('where a text is found is a number', async () => {
  const cube = await runCube('apply', {
    data: texts,
    process: callback('text_find', { data: from('x'), pattern: 'x' }),
  });
  expect(cube.dataType).toBe('float32');
  expect(await readAll(cube)).toEqual([0, null]);
});

test('no labels make no truth values', async () => {
  const none = cubeOf([bands()], [], { dataType: 'float64' });
  expect((await along(none, reducer('cumsum'))).dataType).toBe('float64');
});

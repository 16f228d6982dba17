import { callback, codeOf, cubeOf, from, gridOf, readAll, runCube, x, y } from './kit';

const plane = () => cubeOf([y, x], [1, 2, 3, 4, 5, 6], { grid: gridOf(3, 2) });
const applied = async (process: object, context: unknown) =>
  readAll(await runCube('apply', { data: plane(), process, context }));

/** The context reaches processes in callbacks as it is; what it may be is known in the run alone. */
describe('values that callbacks get from outside', () => {
  test('are computed with', async () => {
    const add = callback('add', { x: from('x'), y: from('context') });
    expect(await applied(add, 10)).toEqual([11, 12, 13, 14, 15, 16]);
  });

  test.each([
    ['a text where a number belongs', callback('add', { x: from('x'), y: from('context') }), 'a'],
    ['a text where all arguments are known', callback('add', { x: 1, y: from('context') }), 'a'],
    [
      'an array where a process graph belongs',
      {
        process_graph: {
          each: { process_id: 'array_apply', arguments: { data: [1], process: from('context') } },
          sum: {
            process_id: 'sum',
            arguments: { data: { from_node: 'each' } },
            result: true,
          },
        },
      },
      [1, [2, [3]]],
    ],
    ['an object in an array of numbers', callback('sum', { data: [from('x'), from('context')] }), { a: 1 }],
  ])('are refused where they do not fit: %s', async (_, process, context) => {
    expect(await codeOf(applied(process, context))).toBe('ProcessParameterInvalid');
  });
});

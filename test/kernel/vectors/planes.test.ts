import { createKernel } from '../../../src/kernel/evaluator';
import type { Kernel } from '../../../src/kernel/operands';
import type { CallbackShape } from '../../../src/kernel/types';
import { moduleCache } from '../../../src/kernel/vectors';
import {
  arrayShape,
  count,
  expectEqual,
  expectSame,
  few,
  graphs,
  inOrder,
  maskOf,
  planeOf,
  signal,
  types,
} from './support';

describe.each(Object.keys(types) as (keyof typeof types)[])('vectors for planes of %s', (type) => {
  const length = 13;
  const planes = Array.from({ length }, (_, seed) => planeOf(type, seed + 1));
  const masks = planes.map((_, seed) => (seed % 3 === 1 ? undefined : maskOf(seed)));

  it.each(Object.keys(graphs))('compute %s as JavaScript does', async (name) => {
    const nodes = name === 'signs' ? inOrder : graphs[name];
    const compile = jest.spyOn(moduleCache, 'compile');
    await expectSame(nodes, arrayShape(length, 'mask'), { data: planes, valid: masks });
    await expectSame(nodes, arrayShape(length, 'mask'), { data: planes });
    if (type.startsWith('Float')) await expectSame(nodes, arrayShape(length, 'nan'), { data: planes });
    expect(compile.mock.calls.length).toBeGreaterThan(0);
    compile.mockRestore();
  });
});

describe.each(Object.keys(types) as (keyof typeof types)[])('bytes from planes of %s', (type) => {
  const clipped = '($0 >= 255 ? 255 : $0 > 0 ? Math.floor($0) : 0)';

  it.each(['nan', 'mask'] as const)(
    'are the same with and without vectors in the %s form',
    async (missing) => {
      const kernel: Kernel = (args, build) => {
        const [x] = build.scalars([args.get('x')], 'number')!;
        const step = build.node('($0 * $1)', 'number', [x.node, build.table.constant(1 / 3)]);
        const byte = build.node(clipped, 'number', [step]);
        return build.always(build.node('($0 ? $1 : 7)', 'number', [build.isValid(x.valid), byte]));
      };
      const shape: CallbackShape = { inputs: new Map([['x', { kind: 'plane' }]]), missing };
      const evaluator = createKernel(kernel, shape, { bytes: true });
      const plane = planeOf(type, 3);
      const mask = maskOf(1);
      const run = async (start: number, end: number) => {
        const input = {
          data: [plane.subarray(start, end)],
          valid: [missing === 'mask' ? mask.subarray(start, end) : undefined],
        };
        return (await evaluator.run(new Map([['x', input]]), end - start, signal))!.data[0];
      };
      const whole = await run(0, count);
      expect(whole).toBeInstanceOf(Uint8Array);
      const isValid = (i: number) => (missing === 'mask' ? mask[i] === 1 : !Number.isNaN(plane[i]));
      const expected = Uint8Array.from(plane, (value, i) =>
        isValid(i) ? Math.max(0, Math.min(255, Math.floor(value * (1 / 3)))) : 7,
      );
      expectEqual([whole], [expected]);
      for (let start = 0; start < count; start += few)
        expectEqual(
          [await run(start, Math.min(count, start + few))],
          [expected.subarray(start, start + few)],
        );
    },
  );
});

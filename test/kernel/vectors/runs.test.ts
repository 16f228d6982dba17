import { createEvaluator } from '../../../src/kernel/evaluator';
import { moduleCache } from '../../../src/kernel/vectors';
import { callbackOf } from '../plans';
import {
  arrayShape,
  count,
  data,
  expectEqual,
  expectSame,
  from,
  graph,
  graphs,
  inOrder,
  maskOf,
  type Nodes,
  planeOf,
  signal,
  slice,
} from './support';

describe('vectors', () => {
  const planes = Array.from({ length: 9 }, (_, seed) =>
    planeOf('Uint8Array', seed + 1).map((value) => value % 2),
  );
  const valid = planes.map((_, seed) => maskOf(seed));

  it.each(['any', 'all'])('compute %s of truth values', async (process_id) => {
    for (const ignore_nodata of [true, false]) {
      const nodes = { a: { process_id, arguments: { data, ignore_nodata }, result: true } };
      await expectSame(nodes, arrayShape(9, 'mask', 'boolean'), { data: planes, valid });
    }
  });

  it('take any byte but 0 for valid, and any number of pixels', async () => {
    const valid = [1, 2, 3].map((seed) =>
      maskOf(seed).map((bit, i) => bit * [1, 2, 127, 128, 255][(i + seed) % 5]),
    );
    const data = [1, 2, 3].map((seed) => planeOf('Uint16Array', seed));
    const name = 'truth made of missing values and numbers';
    await expectSame(graphs[name], arrayShape(3, 'mask'), { data, valid });
    const evaluator = createEvaluator(callbackOf(graphs[name], ['data']), arrayShape(3, 'mask'));
    const whole = await evaluator.run(new Map([['data', { data, valid }]]), count, signal);
    for (let pixels = 1024; pixels < 1041; pixels++) {
      const inputs = new Map([['data', slice({ data, valid }, 0, pixels)]]);
      const part = await evaluator.run(inputs, pixels, signal);
      expectEqual(part.data, slice(whole, 0, pixels).data);
      expectEqual(part.valid, slice(whole, 0, pixels).valid);
    }
  });

  it('go through planes of several types', async () => {
    const mixed = [planeOf('Uint8Array', 1), planeOf('Float64Array', 2), planeOf('Int16Array', 3)];
    for (const nodes of [graphs.arithmetic, graphs.truth, inOrder])
      await expectSame(nodes, arrayShape(3, 'mask'), {
        data: mixed,
        valid: [maskOf(1), undefined, maskOf(3)],
      });
  });

  it('take many planes in shorter blocks, and leave too many to JavaScript', async () => {
    for (const length of [400, 4000]) {
      const plane = planeOf('Float64Array', 5);
      const many = { data: new Array(length).fill(plane) };
      await expectSame(graphs.max, arrayShape(length, 'nan'), many);
    }
  });

  it('leave steps of too many values to JavaScript', async () => {
    const planes = Array.from({ length: 60 }, (_, seed) => planeOf('Float32Array', seed + 1));
    const nodes: Nodes = {
      q: { process_id: 'quantiles', arguments: { data, probabilities: 600 } },
      s: { process_id: 'last', arguments: { data: from('q') }, result: true },
    };
    const evaluator = createEvaluator(callbackOf(nodes, ['data']), arrayShape(60, 'nan'));
    expect(evaluator.isFused).toBe(true);
    const inputs = new Map([['data', { data: planes }]]);
    const whole = await evaluator.run(inputs, 1100, signal);
    const few = await evaluator.run(inputs, 100, signal);
    expectEqual(slice(whole, 0, 100).data, few.data);
  });

  it.each([7, 20, 33, 63, 64, 65])('sort %d values and their zeros', async (length) => {
    const data = Array.from({ length }, (_, seed) =>
      planeOf('Float32Array', seed + 1).map((value, i) =>
        i % 3 === 0 ? value : [0, -0, 1, Infinity, -Infinity, 2][(i + seed * seed) % 6],
      ),
    );
    await expectSame(graphs.median, arrayShape(length, 'nan'), { data });
    await expectSame(graphs.quantiles, arrayShape(length, 'mask'), {
      data,
      valid: data.map((_, k) => maskOf(k)),
    });
  });

  it('reuse modules for other constants', async () => {
    const run = async (y: number) => {
      const nodes = graph({ d: { process_id: 'add', arguments: { x: from('a'), y }, result: true } });
      const evaluator = createEvaluator(callbackOf(nodes, ['data']), arrayShape(3, 'nan'));
      const planes = [1, 2, 3].map((seed) => planeOf('Float64Array', seed));
      const result = await evaluator.run(new Map([['data', { data: planes }]]), count, signal);
      expect(result.data[0][0]).toBe((planes[0][0] as number) + y);
    };
    await run(1.5);
    const { size } = moduleCache;
    await run(-0.1);
    await run(1e300);
    // Constants that are no float32 may make one more.
    expect(moduleCache.size).toBeLessThanOrEqual(size + 1);
    await run(3);
    expect(moduleCache.size).toBeLessThanOrEqual(size + 1);
  });

  it('are done without where the machine has none', async () => {
    const engine = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } })
      .WebAssembly;
    const validate = jest.spyOn(engine, 'validate').mockReturnValue(false);
    const compile = jest.spyOn(moduleCache, 'compile');
    const planes = [1, 2, 3].map((seed) => planeOf('Float32Array', seed));
    await expectSame(graphs.arithmetic, arrayShape(3, 'nan'), { data: planes });
    expect(validate).toHaveBeenCalled();
    expect(compile).not.toHaveBeenCalled();
    validate.mockRestore();
    compile.mockRestore();
    await expectSame(graphs.arithmetic, arrayShape(3, 'nan'), { data: planes });
  });

  it('of several runs at once do not disturb each other', async () => {
    const size = 600_000;
    const plane = Float32Array.from({ length: size }, (_, i) => i);
    const runs = [1, 2, 3, 4].map(async (y) => {
      const nodes: Nodes = {
        a: { process_id: 'mean', arguments: { data } },
        b: { process_id: 'multiply', arguments: { x: from('a'), y }, result: true },
      };
      const evaluator = createEvaluator(callbackOf(nodes, ['data']), arrayShape(40, 'nan'));
      const { data: results } = await evaluator.run(
        new Map([['data', { data: new Array(40).fill(plane) }]]),
        size,
        signal,
      );
      return (results[0] as Float32Array).every((value, i) => value === Math.fround(i * y));
    });
    expect(await Promise.all(runs)).toEqual([true, true, true, true]);
  });
});

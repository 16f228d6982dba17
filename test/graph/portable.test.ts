import { fromPortablePlan, toPortablePlan } from '../../src/graph/threads/portable-plan';
import { ContextRecorder, NotRecordedError, replayContext } from '../../src/graph/threads/recorder';
import type { Plan } from '../../src/graph/types';
import { createWorld, from, graph, node, param, parameter, result, testProcesses } from './kit';

const number = { type: 'number' };

describe('plans that travel', () => {
  test('run to the same value: callbacks, graphs called by graphs, defaults, arrays and objects', async () => {
    const stored = {
      twice: {
        id: 'twice',
        parameters: [parameter('x', number)],
        ...graph({ n: node('multiply', { x: param('x'), y: 2 }, result) }),
      },
    };
    const world = createWorld({ stored });
    const definition = graph(
      {
        list: node('list', { data: [1, param('start'), { a: 1 }] }),
        numbers: node('list', { data: [1, param('start'), 3] }),
        doubled: node('map', {
          data: from('numbers'),
          process: graph({ t: node('twice', { x: param('x') }, result) }),
        }),
        both: node('list', { data: [from('doubled'), from('list')] }, result),
      },
      [parameter('start', number, { default: 5, optional: true })],
    );
    const plan = (await world.runner.plan(definition, { user: 'ann' })) as unknown as Plan;
    const sent = structuredClone(toPortablePlan(plan));
    const modules = new Map(testProcesses.map(({ spec, module }) => [spec.id, { spec, module }]));
    const back = fromPortablePlan(sent, (id) => {
      const found = modules.get(id);
      return found && { process: { id, namespace: 'backend', ...found, effects: 'none' } };
    });
    const values = await Promise.all(
      [plan, back].map((each) => world.runner.run(each as never, world.request())),
    );
    expect(values[1]).toEqual(values[0]);
    expect(values[0]).toEqual([
      [2, 10, 6],
      [1, 5, { a: 1 }],
    ]);
    expect(() => fromPortablePlan(sent, () => undefined)).toThrow('There is no process');
  });
});

describe('contexts that are written down', () => {
  class Shelf {
    readonly #books = ['a', 'b'];
    count = 2;

    async find(text: string, signal: AbortSignal): Promise<string | undefined> {
      signal.throwIfAborted();
      return this.#books.find((book) => book === text);
    }
  }
  const { signal } = new AbortController();
  const context = () => ({
    shelf: new Shelf(),
    user: { id: 'ann' },
    nobody: undefined as unknown,
    logger: { info: () => {} },
    open: async (name: string) => ({ name: () => name, year: 2024 }),
    now: () => 5,
    each: (visit: (item: number) => void) => visit(1),
  });
  const live = new Set(['logger']);

  test('answer as they did', async () => {
    const recorder = new ContextRecorder(live);
    const real = recorder.wrap(context());
    const ask = async (asked: ReturnType<typeof context>) => [
      await asked.shelf.find('a', signal),
      await asked.shelf.find('z', signal),
      asked.shelf.count,
      asked.user,
      asked.nobody,
      (await asked.open('x')).name(),
      (await asked.open('y')).year,
      asked.now(),
    ];
    const answers = await ask(real);
    expect(answers).toEqual(['a', undefined, 2, { id: 'ann' }, undefined, 'x', 2024, 5]);
    expect(recorder.recording).toBeUndefined();
    recorder.stop();
    const recording = structuredClone(recorder.recording)!;
    const logger = { info: () => {} };
    const replayed = replayContext<ReturnType<typeof context>>(recording, { logger });
    expect(await ask(replayed)).toEqual(answers);
    expect(replayed.logger).toBe(logger);
    expect(() => replayed.shelf.find('b', signal)).toThrow(NotRecordedError);
  });

  test('are given up where a question cannot be written down, or the run did more than ask', () => {
    const recorder = new ContextRecorder(live);
    recorder.wrap(context()).each(() => {});
    recorder.stop();
    expect(recorder.recording).toBeUndefined();
    const spoilt = new ContextRecorder(live);
    spoilt.spoil();
    spoilt.stop();
    expect(spoilt.recording).toBeUndefined();
  });

  test('note nothing after the run', () => {
    const recorder = new ContextRecorder(live);
    const real = recorder.wrap(context());
    recorder.stop();
    expect([real.now(), recorder.recording!.size]).toEqual([5, 0]);
  });
});

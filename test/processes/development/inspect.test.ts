import type { LogFields, Logger, LogLevel } from '../../../src/base/logger';
import { type Arguments, LabeledArray } from '../../../src/graph/types';
import type { ProcessContext } from '../../../src/processes/context';
import { run } from '../../../src/processes/development/inspect';
import { bands, cubeOf, gridOf, times, x, y } from '../cubes/kit';

interface Entry extends LogFields {
  readonly level: LogLevel;
  readonly message: string;
}

function world() {
  const entries: Entry[] = [];
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      entries.push({ level, message, ...fields });
    };
  const logger: Logger = {
    error: write('error'),
    warning: write('warning'),
    info: write('info'),
    debug: write('debug'),
    child: () => logger,
  };
  return { entries, context: { logger } as ProcessContext };
}

const logged = (data: unknown) => {
  const { entries, context } = world();
  expect(run({ data } as Arguments, context)).toBe(data);
  return entries[0].data;
};

it('shortens messages and codes that would fill a log', () => {
  const { entries, context } = world();
  run({ data: 1, message: 'm'.repeat(1_000_000), code: 'c'.repeat(1_000_000) }, context);
  expect(JSON.stringify(entries).length).toBeLessThan(5000);
});

it('logs message, code and data at the level that is asked for', () => {
  const { entries, context } = world();
  run({ data: 1, message: 'here', code: 'mine', level: 'error' }, context);
  run({ data: null }, context);
  expect(entries).toEqual([
    { level: 'error', message: 'here', code: 'mine', data: 1 },
    { level: 'info', message: '', code: 'User', data: null },
  ]);
});

it('summarises what is large and says what JSON cannot', () => {
  expect(logged(Number.NaN)).toBe('NaN');
  expect(logged(Array.from({ length: 1000 }, (_, k) => k))).toEqual({
    data: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    length: 1000,
  });
  expect(logged(new LabeledArray(['a'], [Number.POSITIVE_INFINITY]))).toEqual({
    data: ['Infinity'],
    labels: ['a'],
    length: 1,
  });
  expect((logged('x'.repeat(10_000)) as string).length).toBeLessThan(2100);
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  expect(JSON.stringify(logged(cyclic))).toContain('{…}');
});

it('describes cubes by their dimensions, without reading them', () => {
  const dimensions = [times('2020-01-01'), bands('red', 'nir'), y, x];
  const cube = cubeOf(dimensions, new Array(12).fill(1), { grid: gridOf(3, 2) });
  expect(logged(cube)).toMatchObject({
    'cube:dimensions': {
      t: { type: 'temporal', values: ['2020-01-01'] },
      bands: { type: 'bands', values: ['red', 'nir'] },
      x: { type: 'spatial', axis: 'x', extent: [600_000, 600_030], step: 10, reference_system: 'EPSG:32632' },
      y: { type: 'spatial', axis: 'y', extent: [5_199_980, 5_200_000] },
    },
  });
});

it('ends with a warning where a run logs without end', () => {
  const { entries, context } = world();
  for (let k = 0; k < 5000; k++) expect(run({ data: k }, context)).toBe(k);
  expect(entries).toHaveLength(1001);
  expect(entries[1000]).toMatchObject({ level: 'warning' });
  const other = world();
  run({ data: 1 }, other.context);
  expect(other.entries).toHaveLength(1);
});

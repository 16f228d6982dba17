import type { Plan, PlanNode } from '../../src/graph/types';
import { ResultNames } from '../../src/jobs/result-names';

const plan = (...nodes: Partial<PlanNode>[]) => ({ nodes, defaults: new Map() }) as unknown as Plan;
const call = (id: string, process: string, callback?: Plan): Partial<PlanNode> => ({
  ...{ id, process: { id: process } as PlanNode['process'] },
  arguments: new Map(callback && [['process', { kind: 'callback', plan: callback, parameters: [] }]]),
});

test('a result does not take the name of a file that a process made', () => {
  const names = new ResultNames(plan());
  names.take('metadata.json');
  expect(names.next(['metadata'], false, '.json')).toBe('metadata_2.json');
  expect(names.next(['out er', '../ndvi'], false, '.tif')).toBe('out_er-.._ndvi.tif');
  expect(names.next(['ndvi'], true, '.tif')).toBe('result.tif');
});

test('a pyramid that a callback makes is named by the callback’s node, and counted', () => {
  const tiles = plan(call('tiles', 'tile_generation'));
  const names = new ResultNames(plan(call('each', 'apply', tiles), call('one', 'tile_generation')));
  expect(names.pyramid(['one'])).toEqual({ filePrefix: 'one-', isOnce: true });
  const inside = ['each', 'process', 'tiles'];
  expect(names.pyramid(inside)).toEqual({ filePrefix: 'each-process-tiles-', isOnce: false });
  expect(names.pyramid(inside)).toEqual({ filePrefix: 'each-process-tiles_2-', isOnce: false });
  const alone = new ResultNames(plan(call('each', 'apply', tiles)));
  expect(alone.pyramid(inside)).toEqual({ filePrefix: 'each-process-tiles-', isOnce: false });
});

test('the only pyramid of a graph has plain names', () => {
  const names = new ResultNames(plan(call('add', 'add'), call('tiles', 'tile_generation')));
  expect(names.pyramid(['tiles'])).toEqual({ filePrefix: '', isOnce: true });
});

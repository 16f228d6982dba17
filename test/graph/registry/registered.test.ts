import { OpenEOError } from '../../../src/base/errors';
import type { RegisteredStore } from '../../../src/graph/registry';
import { node, param, result } from '../kit';
import { adder, eventually, RegistryFolders, run, spec } from './folders';

const folders = new RegistryFolders();

describe('registered processes', () => {
  function createStore() {
    const records = new Map<string, Record<string, unknown>>();
    const listeners = new Set<(topic: string) => void>();
    let isAway = false;
    const store: RegisteredStore = {
      registeredProcesses: {
        list: async () => {
          if (isAway) throw new OpenEOError('StoreUnavailable');
          return [...records].map(([id, process]) => ({ id, process }));
        },
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const tell = (topic = 'registered_processes') => {
      for (const listener of listeners) listener(topic);
    };
    const leave = (away: boolean) => {
      isAway = away;
    };
    return { records, listeners, store, tell, leave };
  }

  test('are those of the store, now and after a change', async () => {
    const { records, listeners, store, tell, leave } = createStore();
    records.set('plus', adder('plus', 1));
    leave(true);
    const registry = await folders.load({ records: store });
    expect(registry.has('plus')).toBe(false);
    leave(false);
    tell('tokens');
    expect(registry.has('plus')).toBe(false);
    tell();
    await eventually(() => registry.has('plus'));
    leave(true);
    await registry.refresh();
    expect(registry.has('plus')).toBe(true);
    leave(false);
    records.delete('plus');
    tell();
    await eventually(() => !registry.has('plus'));
    await registry.close();
    expect(listeners.size).toBe(0);
  });

  test('are checked before they are kept', async () => {
    const { records, store } = createStore();
    await folders.write('admin/file.json', adder('file', 1));
    records.set('plus', adder('plus', 1));
    records.set('twice', adder('twice', 0, 'plus'));
    const registry = await folders.load({ records: store });
    const check = async (id: string, json: unknown) =>
      (await registry.check(id, json)).map(({ message }) => message).join(' | ');
    expect(await check('fresh', adder('fresh', 0, 'plus'))).toBe('');
    expect(await check('plus', adder('plus', 3))).toBe('');
    expect(await check('add', adder('add', 3))).toMatch(/predefined/);
    expect(await check('file', adder('file', 3))).toMatch(/defined already by .*file\.json/);
    expect(await check('plus', adder('minus', 3))).toMatch(/id is minus/);
    expect(await check('plus', adder('plus', 0, 'twice'))).toMatch(/circle/);
    expect(await check('plus', { ...adder('plus', 3), parameters: [] })).toMatch(/"x"/);
    expect(
      await check(
        'plus',
        spec('plus', ['y'], { process_graph: { a: node('add', { x: 1, y: param('y') }, result) } }),
      ),
    ).toMatch(/twice would fail: .*parameter y/);
    expect(await check('plus', null)).toMatch(/object/);
    expect(await check('plus', JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toMatch(/levels deep/);
    await expect(run(registry, 'twice', 1)).resolves.toBe(2);
  });
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LogFields, silentLogger } from '../../../src/base/logger';
import { from, node, param, parameter } from '../kit';
import { adder, eventually, ids, RegistryFolders, run, spec } from './folders';

const folders = new RegistryFolders();

describe('administrators’ files', () => {
  test('are processes like others, in either folder, and may call each other', async () => {
    await folders.write('specs/add_one.json', adder('add_one', 1));
    await folders.write('admin/add_two.json', adder('add_two', 0, 'add_one'));
    const registry = await folders.load();
    expect(ids(registry)).toEqual(['add', 'add_one', 'add_two']);
    await expect(run(registry, 'add_two', 5)).resolves.toBe(6);
  });

  test('that are wrong are skipped with every reason and their name', async () => {
    await folders.write('admin/good.json', adder('good', 1));
    await folders.write('admin/syntax.json', '{ "id": ');
    await folders.write('admin/renamed.json', adder('other', 1));
    await folders.write('admin/add.json', adder('add', 1));
    await folders.write('admin/graphless.json', spec('graphless'));
    await folders.write('admin/unknown.json', adder('unknown', 1, 'nothing_like_it'));
    await folders.write('admin/several.json', {
      ...spec('several', ['x']),
      process_graph: { a: node('add', { x: 'text', z: 1 }), b: node('add', { x: from('c'), y: param('q') }) },
    });
    await folders.write('admin/tile.json', {
      ...adder('tile', 1),
      parameters: [parameter('tile_x', {}), parameter('x', {})],
    });
    await folders.write('admin/loop.json', adder('loop', 0, 'loop'));
    await folders.write('admin/circle_a.json', adder('circle_a', 0, 'circle_b'));
    await folders.write('admin/circle_b.json', adder('circle_b', 0, 'circle_a'));
    const registry = await folders.load();
    expect(ids(registry)).toEqual(['add', 'good']);
    const text = folders.messages(registry).join('\n');
    for (const part of [
      /syntax\.json: .*not JSON/,
      /renamed\.json: .*its id is other, and renamed is expected/,
      /add\.json: .*predefined/,
      /graphless\.json: .*no process graph/,
      /unknown\.json: There is no process nothing_like_it/,
      /several\.json: .*result.* \| .*needs a value for its parameter y.* \| .*no parameter z.* \| .*x .*not valid.* \| .*no node "c".* \| .*"q"/,
      /tile\.json: .*tile_x.*only the server/,
      /loop\.json: .*loop → loop/,
      /circle_a\.json: .*circle_a/,
      /circle_b\.json: .*circle_a/,
    ])
      expect(text).toMatch(part);
    expect(registry.problems).toHaveLength(10);
  });

  test('a folder that is not there is reported', async () => {
    await rm(join(folders.root, 'admin'), { recursive: true });
    const registry = await folders.load();
    expect(folders.messages(registry)).toEqual([expect.stringMatching(/^admin: .*cannot be read/)]);
  });

  test('what ran before keeps running when its file breaks, and goes with the file', async () => {
    await folders.write('admin/plus.json', adder('plus', 1));
    await folders.write('admin/twice.json', adder('twice', 0, 'plus'));
    const registry = await folders.load();
    const revision = registry.revision;
    await folders.write('admin/plus.json', '{ "id": "plus", ');
    await registry.refresh();
    expect(folders.messages(registry)).toEqual([expect.stringMatching(/^admin\/plus\.json: .*not JSON/)]);
    await expect(run(registry, 'twice', 1)).resolves.toBe(2);
    await folders.write('admin/plus.json', adder('plus', 0, 'nothing_like_it'));
    await registry.refresh();
    expect(folders.messages(registry)).toEqual([expect.stringMatching(/nothing_like_it/)]);
    await expect(run(registry, 'twice', 1)).resolves.toBe(2);
    expect(registry.revision).toBe(revision);
    await folders.write('admin/plus.json', adder('plus', 10));
    await registry.refresh();
    expect(registry.problems).toEqual([]);
    await expect(run(registry, 'twice', 1)).resolves.toBe(11);
    await rm(join(folders.root, 'admin/plus.json'));
    await registry.refresh();
    expect(ids(registry)).toEqual(['add']);
    expect(folders.messages(registry)).toEqual([expect.stringMatching(/^admin\/twice\.json: .*plus/)]);
  });

  test('a circle does not take those along that were there before', async () => {
    await folders.write('admin/one.json', adder('one', 1));
    await folders.write('admin/two.json', adder('two', 0, 'one'));
    await folders.write('admin/three.json', adder('three', 0, 'two'));
    const registry = await folders.load();
    await folders.write('admin/one.json', adder('one', 0, 'two'));
    await registry.refresh();
    expect(folders.messages(registry)).toEqual([expect.stringMatching(/one\.json: .*circle/)]);
    await expect(run(registry, 'three', 1)).resolves.toBe(2);
  });

  test('changes are noticed without a restart', async () => {
    const registry = await folders.load({ isWatching: true });
    let changes = 0;
    registry.onChange(() => changes++);
    await folders.write('admin/plus.json', adder('plus', 1));
    await eventually(() => registry.has('plus'));
    await expect(run(registry, 'plus', 1)).resolves.toBe(2);
    await rm(join(folders.root, 'admin/plus.json'));
    await eventually(() => !registry.has('plus'));
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  test('a half-written file is read again before anybody hears of it', async () => {
    const logged: LogFields[] = [];
    const logger = { ...silentLogger, error: (_: string, fields: LogFields = {}) => logged.push(fields) };
    const registry = await folders.load({ logger });
    await folders.write('admin/plus.json', '{ "id": "pl');
    const refreshed = registry.refresh();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await folders.write('admin/plus.json', adder('plus', 1));
    await refreshed;
    expect(registry.has('plus')).toBe(true);
    expect(logged).toEqual([]);
  });

  test('names of prototypes are names', async () => {
    for (const id of ['__proto__', 'constructor', 'toString'])
      await folders.write(
        `admin/${id}.json`,
        JSON.stringify(adder('IDENTIFIER', 1)).replace('IDENTIFIER', id),
      );
    const registry = await folders.load();
    expect(ids(registry)).toEqual(['__proto__', 'add', 'constructor', 'toString']);
    await expect(run(registry, 'constructor', 1)).resolves.toBe(2);
    await expect(run(registry, '__proto__', 1)).resolves.toBe(2);
    expect(registry.has('hasOwnProperty')).toBe(false);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenEOError } from '../../src/base/errors';
import { type LogFields, type Logger, silentLogger } from '../../src/base/logger';
import { createRegistry, type RegisteredStore, type Registry } from '../../src/graph/registry';
import { createGraphRunner } from '../../src/graph/run';
import { SchemaChecks } from '../../src/graph/schema/checks';
import type { ProcessDefinition } from '../../src/graph/types';
import { from, graph, node, param, parameter, result } from './kit';

let root: string;
let open: Registry<unknown>[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tilegraph-registry-'));
  for (const folder of ['specs', 'modules/math', 'admin'])
    await mkdir(join(root, folder), { recursive: true });
  await builtin('add', 'exports.run = (args) => args.x + args.y;', ['x', 'y']);
});

afterEach(async () => {
  await Promise.all(open.map((registry) => registry.close()));
  open = [];
  await rm(root, { recursive: true, force: true });
});

const spec = (id: string, parameters: readonly string[] = [], rest: object = {}) => ({
  id,
  description: `What ${id} does`,
  parameters: parameters.map((name) => parameter(name, { type: 'number' })),
  ...rest,
});

/** A process that adds a number to its parameter `x`, through another process. */
const adder = (id: string, amount: number, callee = 'add') =>
  spec(id, ['x'], {
    process_graph: {
      a: node(callee, callee === 'add' ? { x: param('x'), y: amount } : { x: param('x') }, result),
    },
  });

async function write(path: string, content: unknown) {
  await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

async function builtin(id: string, code: string, parameters: readonly string[] = []) {
  await write(`specs/${id}.json`, spec(id, parameters));
  await write(`modules/math/${id}.js`, code);
}

async function load(options: { records?: RegisteredStore; logger?: Logger; isWatching?: boolean } = {}) {
  const registry = await createRegistry<unknown>({
    specFolders: [join(root, 'specs'), join(root, 'admin')],
    moduleFolder: join(root, 'modules'),
    checks: new SchemaChecks(),
    limits: { nodes: 100, depth: 10 },
    logger: silentLogger,
    isWatching: false,
    ...options,
  });
  open.push(registry);
  return registry;
}

function run(registry: Registry<unknown>, process: string, x: number) {
  const runner = createGraphRunner<unknown, string>({
    registry,
    checks: new SchemaChecks(),
    limits: { nodes: 100, depth: 10 },
    createContext: () => ({}),
  });
  const request = {
    parameters: new Map(),
    signal: new AbortController().signal,
    logger: silentLogger,
  };
  return runner
    .plan(graph({ n: node(process, { x }, result) }) as ProcessDefinition, {})
    .then((plan) => runner.run(plan, request));
}

const ids = (registry: Registry<unknown>) => registry.list().map(({ id }) => id);
const messages = (registry: Registry<unknown>) =>
  registry.problems.map(
    ({ source, issues }) =>
      `${source.replace(`${root}/`, '')}: ${issues.map(({ message }) => message).join(' | ')}`,
  );

/** Waits for what the file system tells in its own time. */
async function eventually(isTrue: () => boolean) {
  for (let tries = 0; tries < 200 && !isTrue(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isTrue()).toBe(true);
}

describe('built-in processes', () => {
  test('are pairs of a description and a function', async () => {
    const registry = await load();
    expect(ids(registry)).toEqual(['add']);
    expect(registry.problems).toEqual([]);
  });

  test('every mismatch is reported together, and nothing starts', async () => {
    await write('specs/alone.json', spec('alone'));
    await write('specs/wrong.json', { ...spec('other'), parameters: 3 });
    await write('specs/name.json', spec('another'));
    await write('modules/math/wrong.js', 'exports.run = () => 1;');
    await write('modules/math/name.js', 'exports.run = () => 1;');
    await write('modules/math/lonely.js', 'exports.run = () => 1;');
    await write('modules/math/crash.js', 'throw new Error("no such library");');
    await mkdir(join(root, 'modules/again'));
    await write('modules/again/add.js', 'exports.run = () => 1;');
    const error = await load().catch((thrown) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    const { message } = error as unknown as Error;
    for (const part of [
      /alone\.json needs a function file/,
      /wrong\.json: .*parameters must be array/,
      /name\.json: its id is another/,
      /lonely\.js needs a description/,
      /crash\.js cannot be loaded: no such library/,
      /add has two functions/,
    ])
      expect(message).toMatch(part);
  });

  test('helpers stand beside functions', async () => {
    await write('modules/math/big-numbers.js', 'throw new Error("not to be loaded")');
    await write('modules/math/_shared.js', 'throw new Error("not to be loaded")');
    await write('modules/context.js', 'throw new Error("not to be loaded")');
    await write('modules/math/numbers.js', 'exports.pi = 3;');
    expect(ids(await load())).toEqual(['add']);
  });
});

describe('administrators’ files', () => {
  test('are processes like others, in either folder, and may call each other', async () => {
    await write('specs/add_one.json', adder('add_one', 1));
    await write('admin/add_two.json', adder('add_two', 0, 'add_one'));
    const registry = await load();
    expect(ids(registry)).toEqual(['add', 'add_one', 'add_two']);
    await expect(run(registry, 'add_two', 5)).resolves.toBe(6);
  });

  test('that are wrong are skipped with every reason and their name', async () => {
    await write('admin/good.json', adder('good', 1));
    await write('admin/syntax.json', '{ "id": ');
    await write('admin/renamed.json', adder('other', 1));
    await write('admin/add.json', adder('add', 1));
    await write('admin/graphless.json', spec('graphless'));
    await write('admin/unknown.json', adder('unknown', 1, 'nothing_like_it'));
    await write('admin/several.json', {
      ...spec('several', ['x']),
      process_graph: { a: node('add', { x: 'text', z: 1 }), b: node('add', { x: from('c'), y: param('q') }) },
    });
    await write('admin/tile.json', {
      ...adder('tile', 1),
      parameters: [parameter('tile_x', {}), parameter('x', {})],
    });
    await write('admin/loop.json', adder('loop', 0, 'loop'));
    await write('admin/circle_a.json', adder('circle_a', 0, 'circle_b'));
    await write('admin/circle_b.json', adder('circle_b', 0, 'circle_a'));
    const registry = await load();
    expect(ids(registry)).toEqual(['add', 'good']);
    const text = messages(registry).join('\n');
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
    await rm(join(root, 'admin'), { recursive: true });
    const registry = await load();
    expect(messages(registry)).toEqual([expect.stringMatching(/^admin: .*cannot be read/)]);
  });

  test('what ran before keeps running when its file breaks, and goes with the file', async () => {
    await write('admin/plus.json', adder('plus', 1));
    await write('admin/twice.json', adder('twice', 0, 'plus'));
    const registry = await load();
    const revision = registry.revision;
    await write('admin/plus.json', '{ "id": "plus", ');
    await registry.refresh();
    expect(messages(registry)).toEqual([expect.stringMatching(/^admin\/plus\.json: .*not JSON/)]);
    await expect(run(registry, 'twice', 1)).resolves.toBe(2);
    await write('admin/plus.json', adder('plus', 0, 'nothing_like_it'));
    await registry.refresh();
    expect(messages(registry)).toEqual([expect.stringMatching(/nothing_like_it/)]);
    await expect(run(registry, 'twice', 1)).resolves.toBe(2);
    expect(registry.revision).toBe(revision);
    await write('admin/plus.json', adder('plus', 10));
    await registry.refresh();
    expect(registry.problems).toEqual([]);
    await expect(run(registry, 'twice', 1)).resolves.toBe(11);
    await rm(join(root, 'admin/plus.json'));
    await registry.refresh();
    expect(ids(registry)).toEqual(['add']);
    expect(messages(registry)).toEqual([expect.stringMatching(/^admin\/twice\.json: .*plus/)]);
  });

  test('a circle does not take those along that were there before', async () => {
    await write('admin/one.json', adder('one', 1));
    await write('admin/two.json', adder('two', 0, 'one'));
    await write('admin/three.json', adder('three', 0, 'two'));
    const registry = await load();
    await write('admin/one.json', adder('one', 0, 'two'));
    await registry.refresh();
    expect(messages(registry)).toEqual([expect.stringMatching(/one\.json: .*circle/)]);
    await expect(run(registry, 'three', 1)).resolves.toBe(2);
  });

  test('changes are noticed without a restart', async () => {
    const registry = await load({ isWatching: true });
    let changes = 0;
    registry.onChange(() => changes++);
    await write('admin/plus.json', adder('plus', 1));
    await eventually(() => registry.has('plus'));
    await expect(run(registry, 'plus', 1)).resolves.toBe(2);
    await rm(join(root, 'admin/plus.json'));
    await eventually(() => !registry.has('plus'));
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  test('a half-written file is read again before anybody hears of it', async () => {
    const logged: LogFields[] = [];
    const logger = { ...silentLogger, error: (_: string, fields: LogFields = {}) => logged.push(fields) };
    const registry = await load({ logger });
    await write('admin/plus.json', '{ "id": "pl');
    const refreshed = registry.refresh();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await write('admin/plus.json', adder('plus', 1));
    await refreshed;
    expect(registry.has('plus')).toBe(true);
    expect(logged).toEqual([]);
  });

  test('names of prototypes are names', async () => {
    for (const id of ['__proto__', 'constructor', 'toString'])
      await write(`admin/${id}.json`, JSON.stringify(adder('IDENTIFIER', 1)).replace('IDENTIFIER', id));
    const registry = await load();
    expect(ids(registry)).toEqual(['__proto__', 'add', 'constructor', 'toString']);
    await expect(run(registry, 'constructor', 1)).resolves.toBe(2);
    await expect(run(registry, '__proto__', 1)).resolves.toBe(2);
    expect(registry.has('hasOwnProperty')).toBe(false);
  });
});

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
    const registry = await load({ records: store });
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
    await write('admin/file.json', adder('file', 1));
    records.set('plus', adder('plus', 1));
    records.set('twice', adder('twice', 0, 'plus'));
    const registry = await load({ records: store });
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

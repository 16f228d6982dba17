import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { packagePath } from '../../src/base/paths';
import { createRegistry } from '../../src/graph/registry';
import { createGraphRunner } from '../../src/graph/run';
import { SchemaChecks } from '../../src/graph/schema/checks';
import type { ProcessDefinition } from '../../src/graph/types';
import { startServer } from '../support/server';

let folder: string;
let examples: ReadonlyMap<string, string>;
beforeAll(async () => {
  const text = await readFile(packagePath('docs', 'processes.md'), 'utf8');
  examples = new Map(
    [...text.matchAll(/```(?:json|ts) example=(\S+)\n(.*?)```/gs)].map(([, path, code]) => [path, code]),
  );
  folder = await mkdtemp(join(tmpdir(), 'newcomer-'));
  for (const [path, content] of examples) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('the documentation shows a description with its function, and a graph file', () => {
  expect([...examples.keys()]).toEqual([
    'processes/add_up.json',
    'src/processes/math/add_up.ts',
    'double.json',
  ]);
});

test('a developer adds a description and a function', async () => {
  const checks = new SchemaChecks();
  const limits = { nodes: 100, depth: 10 };
  const registry = await createRegistry<unknown>({
    specFolders: [join(folder, 'processes')],
    moduleFolder: join(folder, 'src', 'processes'),
    isWatching: false,
    ...{ checks, limits, logger: silentLogger },
  });
  try {
    const runner = createGraphRunner<unknown, never>({ registry, checks, limits, createContext: () => ({}) });
    const [{ id, examples: shown }] = registry.list() as never as readonly [
      { id: string; examples: { arguments: object; returns: unknown }[] },
    ];
    for (const example of [...shown, { arguments: { x: null, y: 1 }, returns: null }]) {
      const process_graph = { n: { process_id: id, arguments: example.arguments, result: true } };
      const plan = await runner.plan({ process_graph } as ProcessDefinition, {});
      const { signal } = new AbortController();
      const request = { parameters: new Map(), signal, logger: silentLogger };
      expect(await runner.run(plan, request)).toBe(example.returns);
    }
  } finally {
    await registry.close();
  }
});

test('an administrator adds a graph file in a folder, and everybody can call it', async () => {
  const folderOfAdmin = join(folder, 'admin');
  await mkdir(folderOfAdmin);
  await writeFile(join(folderOfAdmin, 'double.json'), examples.get('double.json')!);
  const server = await startServer({ processesDir: [folderOfAdmin] });
  try {
    const listed = (await (await server.call('GET', '/processes', undefined, null)).json()) as {
      processes: { id: string }[];
    };
    expect(listed.processes.map(({ id }) => id)).toContain('double');
    const token = await server.user('anna');
    const process_graph = { n: { process_id: 'double', arguments: { x: 21 }, result: true } };
    const answer = await server.call('POST', '/result', { process: { process_graph } }, token);
    expect([answer.status, await answer.json()]).toEqual([200, 42]);
  } finally {
    await server.stop();
  }
});

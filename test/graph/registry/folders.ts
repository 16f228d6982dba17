import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../../../src/base/logger';
import { createRegistry, type RegisteredStore, type Registry } from '../../../src/graph/registry';
import { createGraphRunner } from '../../../src/graph/run';
import { SchemaChecks } from '../../../src/graph/schema/checks';
import type { ProcessDefinition } from '../../../src/graph/types';
import { graph, node, param, parameter, result } from '../kit';

export const spec = (id: string, parameters: readonly string[] = [], rest: object = {}) => ({
  id,
  description: `What ${id} does`,
  parameters: parameters.map((name) => parameter(name, { type: 'number' })),
  ...rest,
});

/** A process that adds a number to its parameter `x`, through another process. */
export const adder = (id: string, amount: number, callee = 'add') =>
  spec(id, ['x'], {
    process_graph: {
      a: node(callee, callee === 'add' ? { x: param('x'), y: amount } : { x: param('x') }, result),
    },
  });

interface LoadOptions {
  readonly records?: RegisteredStore;
  readonly logger?: Logger;
  readonly isWatching?: boolean;
}

/** Folders of processes, with the predefined `add` in them, new for each test, and the registries that read them. */
export class RegistryFolders {
  root!: string;
  #open: Registry<unknown>[] = [];

  constructor() {
    beforeEach(async () => {
      this.root = await mkdtemp(join(tmpdir(), 'tilegraph-registry-'));
      for (const folder of ['specs', 'modules/math', 'admin'])
        await mkdir(join(this.root, folder), { recursive: true });
      await this.builtin('add', 'exports.run = (args) => args.x + args.y;', ['x', 'y']);
    });
    afterEach(async () => {
      await Promise.all(this.#open.splice(0).map((registry) => registry.close()));
      await rm(this.root, { recursive: true, force: true });
    });
  }

  async write(path: string, content: unknown): Promise<void> {
    await writeFile(join(this.root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }

  async builtin(id: string, code: string, parameters: readonly string[] = []): Promise<void> {
    await this.write(`specs/${id}.json`, spec(id, parameters));
    await this.write(`modules/math/${id}.js`, code);
  }

  async load(options: LoadOptions = {}): Promise<Registry<unknown>> {
    const registry = await createRegistry<unknown>({
      specFolders: [join(this.root, 'specs'), join(this.root, 'admin')],
      moduleFolder: join(this.root, 'modules'),
      checks: new SchemaChecks(),
      limits: { nodes: 100, depth: 10 },
      logger: silentLogger,
      isWatching: false,
      ...options,
    });
    this.#open.push(registry);
    return registry;
  }

  messages(registry: Registry<unknown>): string[] {
    return registry.problems.map(
      ({ source, issues }) =>
        `${source.replace(`${this.root}/`, '')}: ${issues.map(({ message }) => message).join(' | ')}`,
    );
  }
}

export function run(registry: Registry<unknown>, process: string, x: number) {
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

export const ids = (registry: Registry<unknown>) => registry.list().map(({ id }) => id);

/** Waits for what the file system tells in its own time. */
export async function eventually(isTrue: () => boolean) {
  for (let tries = 0; tries < 200 && !isTrue(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isTrue()).toBe(true);
}

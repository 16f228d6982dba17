import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenEOError } from '../../src/base/errors';
import { silentLogger } from '../../src/base/logger';
import { packagePath } from '../../src/base/paths';
import { createRegistry, type Registry } from '../../src/graph/registry';
import { createGraphRunner } from '../../src/graph/run';
import type { GraphRunner } from '../../src/graph/runner';
import { SchemaChecks } from '../../src/graph/schema/checks';
import type { ProcessDefinition } from '../../src/graph/types';
import { comparable, decode, expectClose } from './encoding';

/** A case in `test/processes/<family>/<process id>.json`; values as in `encoding.ts`. */
interface Case {
  readonly title?: string;
  /** Process graphs are written as in a graph. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly returns?: unknown;
  /** The code of the error, in place of `returns`. */
  readonly throws?: string;
  /** How far numbers may be off; default 1e-10. */
  readonly delta?: number;
}

const signal = new AbortController().signal;
const limits = { nodes: 1000, depth: 50 };
let registry: Registry<unknown>;
let runner: GraphRunner<unknown, string>;

beforeAll(async () => {
  const checks = new SchemaChecks();
  registry = await createRegistry({
    specFolders: [packagePath('processes')],
    moduleFolder: packagePath('src', 'processes'),
    isWatching: false,
    ...{ checks, limits, logger: silentLogger },
  });
  runner = createGraphRunner({
    ...{ registry, checks, limits },
    createContext: () => ({ signal, logger: silentLogger, limits: { pixels: 1e6 } }),
  });
});

afterAll(() => registry.close());

const isGraph = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'process_graph');

async function run(id: string, given: Case['arguments']): Promise<unknown> {
  const args = Object.entries(given).map(
    ([name, value]) => [name, isGraph(value) ? value : { from_parameter: name }] as const,
  );
  const node = { process_id: id, arguments: Object.fromEntries(args), result: true };
  const plan = await runner.plan({ process_graph: { [id]: node } } as ProcessDefinition, {});
  const parameters = new Map(Object.entries(given).map(([name, value]) => [name, decode(value)]));
  return runner.run(plan, { parameters, signal, logger: silentLogger });
}

const files = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: family }) =>
    readdirSync(join(__dirname, family))
      .filter((name) => name.endsWith('.json'))
      .map((name) => ({ family, id: name.slice(0, -'.json'.length) })),
  );

describe.each(files)('$family/$id', ({ family, id }) => {
  const cases = JSON.parse(readFileSync(join(__dirname, family, `${id}.json`), 'utf8')) as Case[];

  test.each(
    cases.map((item, index) => [item.title ?? JSON.stringify(item.arguments).slice(0, 80), index] as const),
  )('%s', async (_, index) => {
    const { arguments: args, returns, throws, delta } = cases[index];
    if (throws !== undefined) {
      const error = await run(id, args).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OpenEOError);
      expect((error as OpenEOError).code).toBe(throws);
      return;
    }
    const actual = await comparable(await run(id, args));
    expectClose(actual, await comparable(decode(returns)), delta ?? 1e-10);
  });
});

test('there are cases', () => {
  expect(files.length).toBeGreaterThan(0);
});

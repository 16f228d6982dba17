import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../src/base/paths';
import { LabeledArray } from '../../src/graph/types';
import { startServer, type TestServer } from '../support/server';
import { sharedFolder } from '../support/tools';
import { type CaseFile, type OfficialCase, readCaseFolder, resolveReferences } from './official/case-file';
import { difference } from './official/compare';
import { decodeArgument, decodeExpected, ExpectedCube, ExpectedInstant } from './official/decode';
import { isLiteral } from './official/run-case';
import { openSuite, type Suite } from './official/suite';

const folder = sharedFolder && join(sharedFolder, 'spec', 'openeo-processes', 'tests');

/** What a result looks like in JSON: numbers that are not finite are null. */
function asJson(expected: unknown): unknown {
  if (typeof expected === 'number') return Number.isFinite(expected) ? expected : null;
  if (expected instanceof ExpectedInstant || typeof expected !== 'object' || expected === null)
    return expected;
  if (expected instanceof LabeledArray) {
    const data = expected.labels.map((key, index) => ({ key, value: asJson(expected.values[index]) }));
    return { type: 'labeled-array', data };
  }
  if (Array.isArray(expected)) return expected.map(asJson);
  return Object.fromEntries(Object.entries(expected).map(([key, item]) => [key, asJson(item)]));
}

interface HttpCase {
  readonly id: string;
  readonly test: OfficialCase;
  readonly args: unknown;
}

/** Arguments that JSON can carry, and results that are no cubes. */
function httpCase(id: string, file: string, test: OfficialCase): HttpCase[] {
  try {
    const args = decodeArgument(resolveReferences(test.arguments, file), 'nan');
    const returns = decodeExpected(resolveReferences(test.returns, file));
    return Object.values(args as object).every(isLiteral) && !(returns instanceof ExpectedCube)
      ? [{ id, test, args }]
      : [];
  } catch {
    return [];
  }
}

const ours = readdirSync(packagePath('test', 'processes'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readCaseFolder(packagePath('test', 'processes', name)));
const theirs = folder && existsSync(folder) ? readCaseFolder(folder) : [];

let server: TestServer;
let suite: Suite;
let token: string;
beforeAll(async () => {
  server = await startServer();
  suite = await openSuite();
  token = await server.user('case-runner');
});
afterAll(async () => {
  await suite.close();
  await server.stop();
});

async function failureOverHttp({ id, test, args }: HttpCase): Promise<string | undefined> {
  const graph = { only: { process_id: id, arguments: args, result: true } };
  const response = await server.call('POST', '/result', { process: { process_graph: graph } }, token);
  const text = await response.text();
  const where = `${id} ${JSON.stringify(args)}`;
  if (!response.ok) {
    const { code } = JSON.parse(text) as { code: string };
    const isWanted = test.throws === true ? response.status < 500 : test.throws === code;
    return isWanted ? undefined : `${where}: ${response.status} ${text}`;
  }
  if (!Object.hasOwn(test, 'returns')) return `${where}: should fail`;
  const found = await difference(JSON.parse(text), asJson(decodeExpected(test.returns)), test.delta ?? 1e-10);
  return found && `${where}: ${found}`;
}

async function failuresOf({ id, file, tests }: CaseFile): Promise<string[]> {
  const failures: string[] = [];
  for (const [index, test] of tests.entries())
    for (const item of httpCase(id, file, test)) {
      const failure = await failureOverHttp(item);
      if (failure === undefined) continue;
      const { status } = await suite.run({ id, file, tests }, index);
      if (status !== 'disputed') failures.push(failure);
    }
  return failures;
}

describe('our own cases', () => {
  it.each(ours.map((file) => [file.id, file] as const))('%s', async (_, file) => {
    expect(await failuresOf(file)).toEqual([]);
  });
});

if (theirs.length === 0)
  it.skip("the standard's own cases over HTTP: none found beside the repository or in SHARED_DIR", () => {});
else
  describe("the standard's cases", () => {
    it.each(theirs.map((file) => [file.id, file] as const))('%s', async (_, file) => {
      expect(await failuresOf(file)).toEqual([]);
    });

    it('can be carried by JSON mostly', () => {
      const all = theirs.flatMap(({ tests }) => tests);
      const carried = theirs.flatMap(({ id, file, tests }) =>
        tests.flatMap((test) => httpCase(id, file, test)),
      );
      expect(carried.length).toBeGreaterThan(all.length / 2);
    });
  });

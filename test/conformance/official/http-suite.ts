import { LabeledArray } from '../../../src/graph/types';
import { startServer, type TestServer } from '../../support/server';
import { type OfficialCase, resolveReferences } from './case-file';
import { difference } from './compare';
import { decodeArgument, decodeExpected, ExpectedCube, ExpectedInstant } from './decode';
import { defaultDelta, isLiteral } from './run-case';
import { type Attempt, type CaseRunner, judge } from './suite';
import { isWantedError } from './wanted-error';

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

/** A server of its own, to which cases are sent: `POST /result` with one node, for what JSON can carry. */
export async function openHttpSuite(): Promise<CaseRunner> {
  const server = await startServer();
  const token = await server.user('case-runner');
  const response = await server.call('GET', '/processes', undefined, token);
  const { processes } = (await response.json()) as { processes: { id: string }[] };
  const offered = new Set(processes.map(({ id }) => id));

  const attempt: Attempt = async ({ id, file }, test) => {
    let args: unknown;
    let returns: unknown;
    try {
      args = decodeArgument(resolveReferences(test.arguments, file), 'mask');
      returns = decodeExpected(resolveReferences(test.returns, file));
    } catch (error) {
      return { failure: (error as Error).message };
    }
    if (!Object.values(args as object).every(isLiteral))
      return { skipped: 'JSON cannot carry its arguments' };
    if (returns instanceof ExpectedCube) return { skipped: 'its result is a data cube' };
    return { failure: await failureOver(server, token, id, args, test, returns) };
  };
  return {
    run: (file, index) => judge(file, index, (id) => offered.has(id), attempt),
    close: () => server.stop(),
  };
}

async function failureOver(
  server: TestServer,
  token: string,
  id: string,
  args: unknown,
  { throws, delta, ...test }: OfficialCase,
  returns: unknown,
): Promise<string | undefined> {
  const graph = { only: { process_id: id, arguments: args, result: true } };
  const response = await server.call('POST', '/result', { process: { process_graph: graph } }, token);
  const text = await response.text();
  if (!response.ok) {
    const { code } = JSON.parse(text) as { code: string };
    const isWanted = isWantedError(id, throws, code) && (throws !== true || response.status < 500);
    return isWanted ? undefined : `${JSON.stringify(args)}: ${response.status} ${text}`;
  }
  if (!Object.hasOwn(test, 'returns')) return `${JSON.stringify(args)}: it gives a result, but should fail`;
  return await difference(JSON.parse(text), asJson(returns), delta ?? defaultDelta);
}

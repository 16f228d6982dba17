import { OpenEOError } from '../../../src/base/errors';
import { silentLogger } from '../../../src/base/logger';
import type { GraphRunner } from '../../../src/graph/runner';
import { LabeledArray, type ProcessDefinition } from '../../../src/graph/types';
import { isCube } from '../../../src/raster/cube';
import { type OfficialCase, resolveReferences } from './case-file';
import { difference } from './compare';
import { decodeArgument, decodeExpected } from './decode';
import type { Form } from './json-cube';

const defaultDelta = 1e-10;
/** No case takes nearly as long. */
const maxMs = 120_000;
const references = ['from_parameter', 'from_node'];

/** True for what a process graph can hold as a literal; all else is handed in as a parameter. */
export function isLiteral(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return value !== undefined;
  if (isCube(value) || value instanceof LabeledArray) return false;
  if (Array.isArray(value)) return value.every(isLiteral);
  // Within process graphs, references are what they say.
  if (Object.hasOwn(value, 'process_graph')) return true;
  return !references.some((key) => Object.hasOwn(value, key)) && Object.values(value).every(isLiteral);
}

/** Runs one process through the executor: a graph of one node. */
export async function runProcess<C, U>(
  runner: GraphRunner<C, U>,
  id: string,
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const parameters = new Map(Object.entries(args).filter(([, value]) => !isLiteral(value)));
  const given = Object.entries(args).map(([name, value]) => [
    name,
    parameters.has(name) ? { from_parameter: name } : value,
  ]);
  const node = { process_id: id, arguments: Object.fromEntries(given), result: true };
  const plan = await runner.plan({ process_graph: { [id]: node } } as ProcessDefinition, {
    supplied: new Set(parameters.keys()),
  });
  const signal = AbortSignal.timeout(maxMs);
  return runner.run(plan, { parameters, signal, logger: silentLogger });
}

/** Why a case fails; undefined where it does not. Cases with cubes run once with either form of them. */
export async function failureOf<C, U>(
  runner: GraphRunner<C, U>,
  id: string,
  file: string,
  test: OfficialCase,
): Promise<string | undefined> {
  let args: unknown;
  let returns: unknown;
  try {
    args = resolveReferences(test.arguments, file);
    returns = resolveReferences(test.returns, file);
  } catch (error) {
    return (error as Error).message;
  }
  const hasCube = JSON.stringify(args).includes('"datacube"');
  for (const form of hasCube ? (['nan', 'mask'] as const) : (['nan'] as const)) {
    const failure = await failureInForm(
      runner,
      id,
      { ...test, arguments: args as OfficialCase['arguments'], returns },
      form,
    );
    if (failure) return hasCube ? `${failure} (no-data as ${form})` : failure;
  }
  return undefined;
}

async function failureInForm<C, U>(
  runner: GraphRunner<C, U>,
  id: string,
  { arguments: args, returns, throws, delta = defaultDelta }: OfficialCase,
  form: Form,
): Promise<string | undefined> {
  let actual: unknown;
  try {
    actual = await runProcess(runner, id, decodeArgument(args, form) as Record<string, unknown>);
    const found =
      returns === undefined
        ? `it gives a result, but should fail${typeof throws === 'string' ? ` with ${throws}` : ''}`
        : await difference(actual, decodeExpected(returns), delta);
    return found;
  } catch (error) {
    if (!(error instanceof OpenEOError)) return `it breaks: ${(error as Error)?.stack ?? String(error)}`;
    if (throws === true || throws === error.code) return undefined;
    return `it fails with ${error.code}${typeof throws === 'string' ? `, not ${throws}` : ''}: ${error.message}`;
  }
}

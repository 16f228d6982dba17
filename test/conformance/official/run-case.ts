import { OpenEOError } from '../../../src/base/errors';
import { silentLogger } from '../../../src/base/logger';
import type { GraphRunner } from '../../../src/graph/runner';
import { LabeledArray, type ProcessDefinition } from '../../../src/graph/types';
import { isCube } from '../../../src/raster/cube';
import { type OfficialCase, resolveReferences } from './case-file';
import { difference, readValues } from './compare';
import { decodeArgument, decodeExpected } from './decode';
import { dimensionsOf, type Form, isJsonCube, type JsonCube, valuesOf } from './json-cube';
import { northUp } from './north-up';
import { isWantedError } from './wanted-error';

export const defaultDelta = 1e-10;
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

/**
 * Replaces what a process graph cannot hold by references to parameters: whole arguments, and values inside of
 * process graphs.
 */
function liftValues(args: Readonly<Record<string, unknown>>, parameters: Map<string, unknown>) {
  const lift = (value: unknown, name: string) => {
    parameters.set(name, value);
    return { from_parameter: name };
  };
  const visit = (value: unknown, name: string): unknown => {
    if (isCube(value) || value instanceof LabeledArray) return lift(value, name);
    if (typeof value === 'number') return Number.isFinite(value) ? value : lift(value, name);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${name}/${index}`));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, visit(item, `${name}/${key}`)]),
    );
  };
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      if (!isLiteral(value)) return [name, lift(value, name)];
      const isGraph = typeof value === 'object' && value !== null && Object.hasOwn(value, 'process_graph');
      return [name, isGraph ? visit(value, name) : value];
    }),
  );
}

/** Runs one process through the executor: a graph of one node. */
export async function runProcess<C, U>(
  runner: GraphRunner<C, U>,
  id: string,
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const parameters = new Map<string, unknown>();
  const node = { process_id: id, arguments: liftValues(args, parameters), result: true };
  const plan = await runner.plan({ process_graph: { [id]: node } } as ProcessDefinition, {
    supplied: new Set(parameters.keys()),
  });
  const signal = AbortSignal.timeout(maxMs);
  return runner.run(plan, { parameters, signal, logger: silentLogger });
}

/** All cubes that are written somewhere in a value. */
function cubesIn(value: unknown): JsonCube[] {
  if (typeof value !== 'object' || value === null) return [];
  return isJsonCube(value) ? [value] : Object.values(value).flatMap(cubesIn);
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
  let forms: readonly Form[];
  let nodata: readonly unknown[];
  try {
    args = resolveReferences(test.arguments, file);
    const cubes = cubesIn(args);
    // Where NaN is a value beside no-data, it cannot stand for no-data.
    const hasNaN = cubes.some((cube) => valuesOf(cube)?.some(Number.isNaN));
    forms = cubes.length > 0 && !hasNaN ? ['nan', 'mask'] : ['mask'];
    nodata = cubes.flatMap((cube) => cube.nodata ?? []).flat();
    for (const form of forms) decodeArgument(args, form);
    returns = resolveReferences(test.returns, file);
    for (const cube of cubesIn(returns)) dimensionsOf(cube);
  } catch (error) {
    return (error as Error).message;
  }
  const tryWith = async (written: unknown, wanted: unknown): Promise<string | undefined> => {
    for (const form of forms) {
      const given = decodeArgument(written, form) as Record<string, unknown>;
      const failure = await failureWith(runner, id, given, test, decodeExpected(wanted, nodata));
      if (failure) return forms.length > 1 ? `${failure} (no-data as ${form})` : failure;
    }
    return undefined;
  };
  const failure = await tryWith(args, returns);
  const turned = northUp(args);
  if (failure === undefined || turned === args) return failure;
  // Cubes from files have been turned already when processes see them.
  return (await tryWith(turned, northUp(returns))) && failure;
}

async function failureWith<C, U>(
  runner: GraphRunner<C, U>,
  id: string,
  args: Readonly<Record<string, unknown>>,
  { throws, delta, ...test }: OfficialCase,
  returns: unknown,
): Promise<string | undefined> {
  try {
    const actual = await runProcess(runner, id, args);
    // What is wrong with values shows when they are read.
    if (isCube(actual)) await readValues(actual);
    return Object.hasOwn(test, 'returns')
      ? await difference(actual, returns, delta ?? defaultDelta)
      : `it gives a result, but should fail${typeof throws === 'string' ? ` with ${throws}` : ''}`;
  } catch (error) {
    if (!(error instanceof OpenEOError)) return `it breaks: ${(error as Error)?.stack ?? String(error)}`;
    if (isWantedError(id, throws, error.code)) return undefined;
    return `it fails with ${error.code}${typeof throws === 'string' ? `, not ${throws}` : ''}: ${error.message}`;
  }
}

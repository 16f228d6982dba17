import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { isCube } from '../../raster/cube';
import { cubeFromUdf, readForUdf } from '../../udf/cubes';
import type { UdfSource } from '../../udf/types';
import { UdfCube } from '../../udf/values';
import type { ProcessContext } from '../context';
import { loadCode } from './udf-code';

/** Functions run in threads of their own, which the main thread has. */
export const isLocal = true;

/** What a value of a cube takes that a function returns, as a rule: as long as somebody can read it, it is there. */
const valueBytes = 8;

/** It has no kernel, but calls for many pixels travel together. */
export async function run(args: Arguments, context: ProcessContext): Promise<unknown> {
  const source = sourceOf(args, context);
  const { data } = args;
  const code = await loadCode(args.udf as string, context);
  const { udf, signal } = context;
  const input = isCube(data) ? await readForUdf(data, udf.memoryBytes, signal) : data;
  const result = await udf.session.call({ ...source, code }, input, args.context ?? null, signal);
  if (!(result instanceof UdfCube)) return result;
  const cube = cubeFromUdf(result, data);
  const holding = context.memory.hold();
  try {
    await holding.claim(result.values.length * valueBytes, signal);
  } catch (error) {
    holding.release();
    throw error;
  }
  return holding.until(cube);
}

/** @throws ProcessException `InvalidRuntime`, `InvalidVersion` */
function sourceOf(args: Arguments, { udf }: ProcessContext): Omit<UdfSource, 'code'> {
  const wanted = args.runtime as string;
  const version = (args.version as string | null | undefined) ?? null;
  const names = Object.keys(udf.descriptions);
  const runtime = names.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (runtime === undefined)
    throw new ProcessException(
      'InvalidRuntime',
      `There is no UDF runtime "${wanted}" here; there is: ${names.join(', ')}.`,
    );
  const { versions } = udf.descriptions[runtime];
  if (version !== null && !Object.hasOwn(versions, version))
    throw new ProcessException(
      'InvalidVersion',
      `The UDF runtime ${runtime} has no version "${version}"; it has: ${Object.keys(versions).join(', ')}.`,
    );
  return { runtime, version };
}

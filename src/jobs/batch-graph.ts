import type { Logger } from '../base/logger';
import { injectedUser } from '../graph/parameters';
import type { RunRequest } from '../graph/runner';
import { type Plan, type ProcessDefinition, SavedResult } from '../graph/types';
import type { ProcessContext } from '../processes/context';
import { type Cube, isCube } from '../raster/cube';
import { checkSize, layerCount } from '../raster/formats/layers';
import { findFormat } from '../raster/formats/registry';
import type { Encoded } from '../raster/formats/types';
import { encodeResult } from '../services/encode-result';
import { missingParameters } from '../services/tile-store-access';
import type { User } from '../store/records/types';
import type { JobParts } from './job-type';
import { dataOf } from './results';

/** One thing that the graph of a batch job leads to. */
export interface BatchResult {
  readonly value: unknown;
  /** The path of the node that made it. */
  readonly path: readonly string[];
}

function supplied({ tileStore }: Pick<JobParts, 'tileStore'>, user: User) {
  const parameters = new Map<string, unknown>([['_openeo_user', injectedUser(user)]]);
  return { user, parameters, missing: missingParameters(undefined, tileStore, user) };
}

/** @throws OpenEOError everything that is wrong with the graph and can be known before it runs */
export function planBatch(
  parts: Pick<JobParts, 'runner' | 'tileStore'>,
  user: User,
  process: ProcessDefinition,
): Promise<Plan<ProcessContext>> {
  const { parameters, missing } = supplied(parts, user);
  return parts.runner.plan(process, { user, supplied: new Set(parameters.keys()), missing });
}

/** Everything that a graph saved, and its own result where that is something else. In the order of node names. */
export async function computeResults(
  parts: Pick<JobParts, 'runner' | 'tileStore'>,
  plan: Plan<ProcessContext>,
  request: Pick<RunRequest<User>, 'signal' | 'job' | 'wrapCube'> & {
    readonly user: User;
    readonly logger: Logger;
  },
): Promise<readonly BatchResult[]> {
  const { user, signal, logger, job, wrapCube } = request;
  const saved = new Map<SavedResult, readonly string[]>();
  const value = await parts.runner.run(plan, {
    ...supplied(parts, user),
    ...{ signal, logger, job, wrapCube },
    onSaved: (result, path) => saved.set(result, path),
  });
  const results: BatchResult[] = [...saved].map(([result, path]) => ({ value: result, path }));
  results.sort((one, other) => (one.path.join('/') < other.path.join('/') ? -1 : 1));
  if (!(value instanceof SavedResult)) results.push({ value, path: [plan.result] });
  return results;
}

/** The same result with another cube in it. */
export function withCube({ value, path }: BatchResult, change: (cube: Cube) => Cube): BatchResult {
  const data = dataOf(value);
  if (!isCube(data)) return { value, path };
  const changed = change(data);
  return {
    path,
    value: value instanceof SavedResult ? new SavedResult(changed, value.format, value.options) : changed,
  };
}

/** Values that a result may have: formats that are written in strips take more. */
function valueLimit(value: unknown, { pixels, jobPixels }: JobParts['limits']): number {
  const format = findFormat(value instanceof SavedResult ? value.format : 'GTiff');
  return format?.isStreamed ? jobPixels : pixels;
}

/** @throws OpenEOError `ProcessGraphComplexity` for results that are too large for their format */
export function checkResultSize({ value }: BatchResult, { limits }: Pick<JobParts, 'limits'>): void {
  const data = dataOf(value);
  if (isCube(data))
    checkSize(data.grid ?? { width: 1, height: 1 }, layerCount(data), valueLimit(value, limits));
}

/** Writes a result of a graph. @throws OpenEOError as formats do; the signal's reason */
export function encodeBatch(
  { value }: BatchResult,
  { formats, limits }: Pick<JobParts, 'formats' | 'limits'>,
  signal: AbortSignal,
): Promise<Encoded> {
  return encodeResult(value, { formats, signal, maxPixels: valueLimit(value, limits) });
}

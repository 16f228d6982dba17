import { injectedUser } from '../../graph/parameters';
import { type ProcessDefinition, SavedResult } from '../../graph/types';
import type { JobHandle } from '../../processes/context';
import { isCube } from '../../raster/cube';
import { findFormat } from '../../raster/formats/registry';
import { encodeResult } from '../../services/encode-result';
import { missingParameters } from '../../services/tile-store-access';
import type { JobContext, JobType } from '../job-type';
import { countReads, valueCount } from '../progressing-cube';
import { dataOf, describeData, storeEncoded } from '../results';

/** Where the reading of results begins and ends on the way to 100. */
const [firstPercent, lastPercent] = [5, 95];

interface Result {
  readonly value: unknown;
  /** The path of the node that made it. */
  readonly path: readonly string[];
}

function jobHandle({ job, prefix, objects, progress, addAsset }: JobContext): JobHandle {
  return { id: job.id, prefix, objects, progress, addAsset };
}

/** Everything that a graph saved, and its own result where that is something else. In the order of node names. */
async function compute(context: JobContext): Promise<readonly Result[]> {
  const { job, user, runner, tileStore, signal, logger } = context;
  const process = job.process as unknown as ProcessDefinition;
  const parameters = new Map<string, unknown>([['_openeo_user', injectedUser(user)]]);
  const missing = missingParameters(undefined, tileStore, user);
  const plan = await runner.plan(process, { user, supplied: new Set(parameters.keys()), missing });
  const saved = new Map<SavedResult, readonly string[]>();
  const value = await runner.run(plan, {
    ...{ user, parameters, missing, signal, logger },
    job: jobHandle(context),
    onSaved: (result, path) => saved.set(result, path),
  });
  const results: Result[] = [...saved].map(([result, path]) => ({ value: result, path }));
  results.sort((one, other) => (one.path.join('/') < other.path.join('/') ? -1 : 1));
  if (!(value instanceof SavedResult)) results.push({ value, path: [plan.result] });
  return results;
}

/** `result.tif` for a single result, else by its node: `ndvi.tif`. */
function fileName(path: readonly string[], isOnly: boolean, extension: string, taken: Set<string>): string {
  const plain = isOnly
    ? 'result'
    : path
        .join('-')
        .replace(/[^\w.-]+/g, '_')
        .replace(/^\.+/, '')
        .slice(0, 100);
  const stem = plain || 'result';
  let name = `${stem}${extension}`;
  for (let n = 2; taken.has(name); n++) name = `${stem}_${n}${extension}`;
  taken.add(name);
  return name;
}

function sizeOf(value: unknown): number {
  const data = dataOf(value);
  return isCube(data) ? valueCount(data) : 1;
}

/** Turns values that were read into a share of all that are to be read. Sinks may read some of them twice. */
function createProgress(context: JobContext, sizes: readonly number[]) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let index = 0;
  let before = 0;
  let read = 0;
  const tell = () => {
    const share = total > 0 ? (before + Math.min(read, sizes[index] ?? 0)) / total : 1;
    context.progress(firstPercent + (lastPercent - firstPercent) * share, 'Computing results');
  };
  return {
    onRead(values: number): void {
      read += values;
      tell();
    },
    finish(): void {
      before += sizes[index++];
      read = 0;
      tell();
    },
  };
}

function encode(
  { value }: Result,
  { formats, limits, signal }: JobContext,
  onRead: (values: number) => void,
) {
  const data = dataOf(value);
  const counted = isCube(data) ? countReads(data, onRead) : data;
  const isSaved = value instanceof SavedResult;
  const isStreamed = findFormat(isSaved ? value.format : 'GTiff')?.isStreamed;
  return encodeResult(isSaved ? new SavedResult(counted, value.format, value.options) : counted, {
    ...{ formats, signal },
    maxPixels: isStreamed ? limits.jobPixels : limits.pixels,
  });
}

/** An openEO batch job: runs the process graph and stores each of its results as a file. */
export const batch: JobType = {
  id: 'batch',
  payload: { type: 'object', additionalProperties: false },
  retry: { attempts: 3, delayMs: 2000 },
  async run(_payload, context) {
    const { objects, signal, prefix, logger } = context;
    context.progress(1, 'Preparing');
    const results = await compute(context);
    const progress = createProgress(
      context,
      results.map(({ value }) => sizeOf(value)),
    );
    const taken = new Set<string>();
    for (const result of results) {
      const encoded = await encode(result, context, progress.onRead);
      const name = fileName(result.path, results.length === 1, encoded.extension, taken);
      const file = await storeEncoded(objects, `${prefix}${name}`, encoded, signal);
      const node = result.path.join('/');
      await context.addAsset({ name, ...file, roles: ['data'], node, ...describeData(dataOf(result.value)) });
      logger.info(`Stored ${name}`, { data: { size: file.size } });
      progress.finish();
    }
    return undefined;
  },
};

import type { Plan, ProcessDefinition } from '../../graph/types';
import type { JobHandle } from '../../processes/context';
import { outdatedPyramids } from '../../pyramid/folder';
import { isCube } from '../../raster/cube';
import { computeResults, encodeBatch, planBatch, withCube } from '../batch-graph';
import { estimateBatch } from '../estimate-batch';
import type { JobContext, JobType } from '../job-type';
import { countReads, valueCount } from '../progressing-cube';
import { ResultNames } from '../result-names';
import { dataOf, describeData, storeEncoded } from '../results';

/** Where the reading of results begins and ends on the way to 100. */
const [firstPercent, lastPercent] = [5, 95];

/** @param keys gets those of every file that processes store */
function jobHandle(
  { job, prefix, objects, progress, addAsset }: JobContext,
  names: ResultNames,
  keys: Set<string>,
): JobHandle {
  return {
    ...{ id: job.id, process: job.process, startedAt: job.queuedAt ?? job.createdAt },
    ...{ prefix, objects, progress },
    addAsset(asset) {
      names.take(asset.name);
      keys.add(asset.key);
      return addAsset(asset);
    },
    pyramidPlace: (node) => names.pyramid(node),
  };
}

/** Removes the pyramids of earlier runs: all that these files do not belong to. */
async function removeOutdated({ job, objects, records }: JobContext, keys: ReadonlySet<string>) {
  const outdated = await outdatedPyramids(objects, job.id, keys);
  if (outdated.length === 0) return;
  // Were it started again, one of them could be in work.
  const now = await records.jobs.get(job.id);
  if (now?.status !== 'completed' || now.run !== job.run) return;
  for (const folder of outdated) await objects.removeAll(folder);
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

/** An openEO batch job: runs the process graph and stores each of its results as a file. */
export const batch: JobType = {
  id: 'batch',
  payload: { type: 'object', additionalProperties: false },
  retry: { attempts: 3, delayMs: 2000 },
  async run(_payload, context) {
    const { objects, signal, prefix, logger } = context;
    context.progress(1, 'Preparing');
    const process = context.job.process as unknown as ProcessDefinition;
    const plan = await planBatch(context, context.user, process);
    const files = new Set<string>();
    const names = new ResultNames(plan as unknown as Plan);
    const job = jobHandle(context, names, files);
    const results = await computeResults(context, plan, { ...context, job });
    if (context.job.run > 1) context.whenComplete(() => removeOutdated(context, files));
    const progress = createProgress(
      context,
      results.map(({ value }) => sizeOf(value)),
    );
    for (const result of results) {
      const counted = withCube(result, (cube) => countReads(cube, progress.onRead));
      const encoded = await encodeBatch(counted, context, signal);
      const name = names.next(result.path, results.length === 1, encoded.extension);
      const file = await storeEncoded(objects, `${prefix}${name}`, encoded, signal);
      const node = result.path.join('/');
      await context.addAsset({ name, ...file, roles: ['data'], node, ...describeData(dataOf(result.value)) });
      logger.info(`Stored ${name}`, { data: { size: file.size } });
      progress.finish();
    }
    return undefined;
  },
  estimate: (_payload, context) => estimateBatch(context),
  async discard(job, { objects }, kept = new Set()) {
    for (const folder of await outdatedPyramids(objects, job.id, kept)) await objects.removeAll(folder);
  },
};

import { Readable } from 'node:stream';
import { silentLogger } from '../base/logger';
import { subGrid } from '../geo/grid';
import type { Plan, ProcessDefinition } from '../graph/types';
import type { JobHandle, ProcessContext } from '../processes/context';
import { type Cube, deriveCube, isCube } from '../raster/cube';
import type { Encoded } from '../raster/formats/types';
import { layerLengths, product } from '../raster/layers';
import { bytesOf } from '../raster/memory/sizes';
import { checkResultSize, computeResults, encodeBatch, planBatch, withCube } from './batch-graph';
import { calls } from './callers';
import { tooComplex } from './estimate';
import type { Estimate, EstimateContext } from './job-type';
import { valueCount } from './progressing-cube';
import { dataOf } from './results';

/** Values of the sample that is computed: enough to be typical, few enough to be quick. */
const sampleValues = 1 << 18;
const largestSample = 256;

/** The middle of a cube, at its own resolution: what most of it is like. */
function middle(cube: Cube): Cube {
  const { grid } = cube;
  if (!grid) return cube;
  const layers = Math.max(1, product(layerLengths(cube, {})));
  const side = Math.max(16, Math.min(largestSample, Math.floor(Math.sqrt(sampleValues / layers))));
  const [width, height] = [Math.min(side, grid.width), Math.min(side, grid.height)];
  const column = Math.floor((grid.width - width) / 2);
  const row = Math.floor((grid.height - height) / 2);
  return deriveCube(cube, {
    grid: subGrid(grid, column, row, width, height),
    indexed: cube.indexed,
  });
}

async function sizeOf({ body }: Encoded): Promise<number> {
  if (!(body instanceof Readable)) return body.byteLength;
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Uint8Array).byteLength;
  return bytes;
}

/**
 * What a batch job will take, measured on a sample: the middle of each result is computed and written, and the whole
 * takes as many times that as it has values more; of a pyramid some tiles are made. Nothing is kept, and nothing that
 * writes is run.
 * @throws OpenEOError `EstimateComplexity` where that cannot be tried out; what the job would fail with
 */
export async function estimateBatch(context: EstimateContext): Promise<Estimate> {
  const plan = await planBatch(context, context.user, context.job.process as unknown as ProcessDefinition);
  const plain = plan as unknown as Plan;
  if (calls(plain, ({ id }) => id.startsWith('run_udf'))) throw tooComplex('it runs code of yours (a UDF).');
  if (calls(plain, ({ id, effects }) => effects === 'write' && id !== 'tile_generation'))
    throw tooComplex('it changes something, so that it cannot be tried out.');
  return tryOut(context, plan);
}

async function tryOut(context: EstimateContext, plan: Plan<ProcessContext>): Promise<Estimate> {
  const { user, signal, objects, pyramids } = context;
  const { id, process } = context.job;
  let read = 0;
  const onRead = (bytes: number) => {
    read += bytes;
  };
  const total = { values: 0, bytesRead: 0, seconds: 0, bytes: 0, tiles: 0 };
  let tryingMs = 0;
  const job: JobHandle = {
    ...{ id, process, startedAt: new Date(), prefix: '', objects },
    progress() {},
    pyramidPlace: () => ({ filePrefix: '', isOnce: true }),
    addAsset: async () => {},
    async tryPyramid(source, options) {
      const since = performance.now();
      const trial = await pyramids.tryOut(source, options, { signal, bytesRead: () => read });
      tryingMs += performance.now() - since;
      total.tiles += trial.tiles;
      total.values += trial.pixels;
      total.bytesRead += trial.bytesRead;
      total.seconds += trial.seconds;
      total.bytes += trial.bytes;
      return trial;
    },
  };
  const begun = performance.now();
  const results = await computeResults(context, plan, {
    ...{ user, signal, job, logger: silentLogger },
    wrapCube: (cube, processId) => (processId.startsWith('load_') ? countBytes(cube, onRead) : cube),
  });
  total.seconds += Math.max(0, performance.now() - begun - tryingMs) / 1000;
  for (const result of results) {
    checkResultSize(result, context);
    read = 0;
    const since = performance.now();
    const sample = withCube(result, middle);
    const bytes = await sizeOf(await encodeBatch(sample, context, signal));
    const data = dataOf(result.value);
    const values = isCube(data) ? valueCount(data) : 1;
    const part = dataOf(sample.value);
    const times = isCube(data) && isCube(part) ? values / Math.max(1, valueCount(part)) : 1;
    total.values += values;
    total.bytes += bytes * times;
    total.bytesRead += Math.round(read * times);
    total.seconds += ((performance.now() - since) / 1000) * times;
  }
  const { tiles, ...others } = total;
  return tiles > 0 ? total : others;
}

function countBytes(cube: Cube, onRead: (bytes: number) => void): Cube {
  return deriveCube(cube, {
    async read(window, signal) {
      const block = await cube.read(window, signal);
      onRead(bytesOf(block));
      return block;
    },
  });
}

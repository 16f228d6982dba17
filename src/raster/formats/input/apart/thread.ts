import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, OpenEOError, ProcessException } from '../../../../base/errors';
import type { Cube } from '../../../cube';
import { findInputFormat } from '../registry';
import type { LoadRequest } from '../types';
import type { CubeHead, ThreadAnswer, ThreadTask } from './messages';

/** Labels, features or plain values of one message: the main thread takes some milliseconds for them. */
const pieceLength = 4096;

const port = parentPort!;
const { signal } = new AbortController();

async function send(answer: ThreadAnswer, transfer: readonly ArrayBuffer[] = []): Promise<void> {
  port.postMessage(answer, transfer);
  await once(port, 'message');
}

async function load({ format, files, ...task }: ThreadTask): Promise<Cube> {
  const request: Omit<LoadRequest, 'raster'> = {
    ...task,
    signal,
    claim: (bytes) => send({ kind: 'claim', bytes }),
  };
  return await findInputFormat(format)!.load(
    files.map(({ bytes, ...file }) => ({ ...file, bytes: async () => bytes })),
    request as LoadRequest,
  );
}

async function sendCube(cube: Cube): Promise<void> {
  const { grid, dataType, nodata, missing, dataVersion } = cube;
  const { data, valid, shape } = await cube.read(grid ? { grid } : {}, signal);
  const numbers = Array.isArray(data) ? undefined : data;
  const head: CubeHead = {
    dimensions: cube.dimensions.map((dimension) => ({
      ...dimension,
      ...(dimension.labels && { labels: [] }),
      ...('features' in dimension && dimension.features ? { features: [] } : {}),
    })),
    ...(grid && { grid }),
    ...{ dataType, nodata, missing, dataVersion, shape },
    ...(numbers && { data: numbers }),
    ...(valid && { valid }),
  };
  const arrays = [numbers, valid].filter((array) => array !== undefined);
  await send({ kind: 'head', head }, [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]);
  for (const [dimension, found] of cube.dimensions.entries()) {
    await sendList({ dimension, list: 'labels' }, found.labels);
    if ('features' in found) await sendList({ dimension, list: 'features' }, found.features);
  }
  if (!numbers) await sendList('values', data as readonly unknown[]);
}

async function sendList(
  place: Extract<ThreadAnswer, { kind: 'piece' }>['place'],
  items: readonly unknown[] | undefined,
): Promise<void> {
  for (let from = 0; from < (items?.length ?? 0); from += pieceLength)
    await send({ kind: 'piece', place, items: items!.slice(from, from + pieceLength) });
}

function errorAnswer(error: unknown): ThreadAnswer {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProcessException) return { kind: 'error', message, exception: error.code };
  if (!(error instanceof OpenEOError)) return { kind: 'error', message };
  return { kind: 'error', message, code: error.code as ErrorCode, details: error.details };
}

async function main(): Promise<void> {
  try {
    await sendCube(await load(workerData as ThreadTask));
    port.postMessage({ kind: 'end' } satisfies ThreadAnswer);
  } catch (error) {
    port.postMessage(errorAnswer(error));
  }
}

void main();

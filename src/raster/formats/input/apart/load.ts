import { join } from 'node:path';
import { OpenEOError, ProcessException } from '../../../../base/errors';
import { Limiter } from '../../../../base/limiter';
import { startThread } from '../../../../base/thread';
import type { Cube, Dimension } from '../../../cube';
import { memoryCube } from '../../../memory-cube';
import { readAll } from '../read-all';
import type { Apart, InputFile, InputFormat, LoadRequest } from '../types';
import type { CubeHead, ThreadAnswer, ThreadTask } from './messages';

/** The heap of a thread that decodes files. */
const heapMiB = 1024;
/** Threads that decode at the same time. */
const threads = new Limiter(2);

/**
 * Decodes files in a thread of its own, so that the main thread serves others meanwhile, and a hostile file takes
 * neither its memory nor its time: the thread ends with the signal.
 * @throws what the format throws; OpenEOError `MemoryLimitExceeded`; the signal's reason
 */
export async function loadApart(
  format: InputFormat & { readonly apart: Apart },
  files: readonly InputFile[],
  request: LoadRequest,
): Promise<Cube> {
  const contents = await readAll(files, format.apart.maxBytes);
  const size = contents.reduce((sum, { length }) => sum + length, 0);
  if (size < format.apart.leastBytes) {
    const loaded = files.map((file, index) => ({ ...file, bytes: async () => contents[index] }));
    return await format.load(loaded, request);
  }
  const task: ThreadTask = {
    format: format.name,
    files: files.map(({ name, href }, index) => ({ name, href, bytes: contents[index] })),
    options: request.options,
    process: request.process,
    maxValues: request.maxValues,
  };
  return await threads.run(() => inThread(task, request), { signal: request.signal });
}

function inThread(task: ThreadTask, { signal, claim }: LoadRequest): Promise<Cube> {
  return new Promise((resolve, reject) => {
    const thread = startThread(join(__dirname, 'thread'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort);
      thread.removeAllListeners('exit');
      void thread.terminate();
      settle();
    };
    const fail = (error: unknown) => end(() => reject(error));
    const onAbort = () => fail(signal.reason);
    const parts = new Parts();
    const onAnswer = async (answer: ThreadAnswer) => {
      try {
        if (answer.kind === 'error') throw errorOf(answer);
        if (answer.kind === 'claim') await claim?.(answer.bytes);
        else if (answer.kind === 'head') parts.head = answer.head;
        else if (answer.kind === 'piece') parts.add(answer);
        else return end(() => resolve(parts.cube()));
        thread.postMessage('go on');
      } catch (error) {
        fail(error);
      }
    };
    thread.on('message', (answer: ThreadAnswer) => void onAnswer(answer));
    thread.on('error', (error: NodeJS.ErrnoException) => fail(isSpent(error) ? tooLarge() : error));
    thread.on('exit', () => fail(new Error('The thread that decodes a file has ended')));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

function isSpent({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function tooLarge(): OpenEOError {
  const available = `${heapMiB.toLocaleString('en')} MiB`;
  return new OpenEOError('MemoryLimitExceeded', { needed: `more than ${available}`, available });
}

function errorOf(answer: Extract<ThreadAnswer, { kind: 'error' }>): Error {
  const { message, code, details, exception } = answer;
  if (exception !== undefined) return new ProcessException(exception, message);
  return code === undefined ? new Error(message) : new OpenEOError(code, details, { message });
}

/** A cube as it arrives. */
class Parts {
  head: CubeHead | undefined;
  readonly #lists = new Map<string, unknown[]>();

  add({ place, items }: Extract<ThreadAnswer, { kind: 'piece' }>): void {
    const list = this.#list(place === 'values' ? place : `${place.list} ${place.dimension}`);
    for (const item of items) list.push(item);
  }

  #list(name: string): unknown[] {
    const list = this.#lists.get(name) ?? [];
    this.#lists.set(name, list);
    return list;
  }

  cube(): Cube {
    const { dimensions, data, ...head } = this.head!;
    return memoryCube({
      ...head,
      dimensions: dimensions.map((dimension, index): Dimension => {
        const complete = {
          ...dimension,
          ...(dimension.labels && { labels: this.#list(`labels ${index}`) }),
          ...('features' in dimension ? { features: this.#list(`features ${index}`) } : {}),
        };
        return complete as Dimension;
      }),
      data: data ?? this.#list('values'),
    });
  }
}

import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { OpenEOError } from '../base/errors';
import { FairLimiter } from '../base/fair-limiter';
import { startThread } from '../base/thread';
import type { ThreadAnswer, ThreadTask } from './thread';
import type { Message } from './values';

/** Threads that nobody needs are ended. */
const idleMs = 10_000;

interface Thread {
  readonly worker: Worker;
  /** The UDF that is loaded in it. */
  key: string;
  isBusy: boolean;
  idle?: NodeJS.Timeout;
}

export interface ThreadLimits {
  /** How many UDFs run at once. */
  readonly threads: number;
  /** Memory of each, the interpreter's included. */
  readonly memoryBytes: number;
  /** How long one task may take. */
  readonly seconds: number;
}

/** The threads that UDFs run in. One that takes too long or is no longer wanted is ended, whatever it does. */
export class UdfThreads {
  readonly #threads = new Set<Thread>();
  readonly #limiter: FairLimiter;

  constructor(readonly limits: ThreadLimits) {
    this.#limiter = new FairLimiter(limits.threads);
  }

  /** How many threads there are, idle ones included. */
  get size(): number {
    return this.#threads.size;
  }

  /**
   * @param owner whose tasks wait for each other; owners take turns
   * @throws OpenEOError `UdfFailed`, `UdfLimitExceeded`; the signal's reason when it is aborted, at once.
   */
  async run(owner: string, task: ThreadTask, signal: AbortSignal): Promise<Message> {
    return await this.#limiter.run(
      owner,
      async () => {
        const thread = this.#take(task.key);
        try {
          const answer = await this.#ask(thread, task, signal);
          if (!('failure' in answer)) return answer;
          if (answer.isSpent) this.#end(thread);
          if (answer.isOutOfMemory) throw this.#outOfMemory();
          throw new OpenEOError('UdfFailed', { reason: answer.failure });
        } finally {
          this.#release(thread);
        }
      },
      signal,
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  /** An idle thread, best one that knows the UDF. */
  #take(key: string): Thread {
    const idle = [...this.#threads].filter(({ isBusy }) => !isBusy);
    const thread = idle.find((candidate) => candidate.key === key) ?? idle[0] ?? this.#start();
    clearTimeout(thread.idle);
    thread.isBusy = true;
    thread.key = key;
    thread.worker.ref();
    return thread;
  }

  #start(): Thread {
    const worker = startThread(join(__dirname, 'thread'), {
      name: 'udf',
      env: {},
      workerData: { memoryBytes: this.limits.memoryBytes },
      resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 8 },
    });
    const thread: Thread = { worker, key: '', isBusy: false };
    worker.on('error', () => this.#threads.delete(thread));
    worker.on('exit', () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }

  #release(thread: Thread): void {
    thread.isBusy = false;
    if (!this.#threads.has(thread)) return;
    thread.worker.unref();
    thread.idle = setTimeout(() => void this.#end(thread), idleMs);
    thread.idle.unref();
  }

  #end(thread: Thread): Promise<number> {
    clearTimeout(thread.idle);
    this.#threads.delete(thread);
    return thread.worker.terminate();
  }

  #outOfMemory(): OpenEOError {
    const size = Math.round(this.limits.memoryBytes / 1024 ** 2);
    return new OpenEOError('UdfLimitExceeded', { reason: `it needs more than ${size} MiB of memory.` });
  }

  #ask(thread: Thread, task: ThreadTask, signal: AbortSignal): Promise<ThreadAnswer> {
    const { worker } = thread;
    const { seconds } = this.limits;
    return new Promise<ThreadAnswer>((resolve, reject) => {
      const stop = (reason: unknown) => {
        void this.#end(thread);
        settle(() => reject(reason));
      };
      const onAbort = () => stop(signal.reason);
      const onError = (error: NodeJS.ErrnoException) =>
        stop(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? this.#outOfMemory() : error);
      const onExit = () =>
        stop(new OpenEOError('UdfFailed', { reason: 'the thread that runs it was ended.' }));
      const timer = setTimeout(
        () => stop(new OpenEOError('UdfLimitExceeded', { reason: `it ran longer than ${seconds} seconds.` })),
        seconds * 1000,
      );
      const onMessage = (answer: ThreadAnswer) => settle(() => resolve(answer));
      const settle = (then: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        then();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      if (signal.aborted) return onAbort();
      worker.postMessage(task, [...task.buffers]);
    });
  }
}

import type { Worker } from 'node:worker_threads';
import { type Answer, packRun, type Request } from './messages';
import { RecentIds } from './recent-ids';
import type { Task } from './task';

/** Runs that a thread remembers; both sides count alike. */
export const rememberedRuns = 16;
/** Windows that a thread has at one time: while one is computed, the next is on its way. */
const maxWindows = 2;

export interface ThreadOptions {
  readonly idleMs: number;
  /** It is ended when it does not react to an abort for so long. */
  readonly unresponsiveMs: number;
  /** Resolves when there is memory for one more window, with the way to give it back. */
  readonly admit?: (signal: AbortSignal) => Promise<() => void>;
  /** It takes windows, or takes more of them. */
  readonly onFree: () => void;
  /** It cannot repeat a run. */
  readonly onRefused: (runId: number, reason: string) => void;
  /** It has ended, with these windows under way. */
  readonly onLost: (thread: PoolThread, tasks: readonly Task[], error: unknown) => void;
}

interface Assignment {
  readonly task: Task;
  release?: () => void;
}

/** One thread of the pool, as those see it who give it work. */
export class PoolThread {
  readonly ready: Promise<void>;
  readonly #assignments = new Map<number, Assignment>();
  readonly #runs = new RecentIds(rememberedRuns);
  readonly #exited: Promise<void>;
  readonly #overdue = new Map<number, NodeJS.Timeout>();
  #idle: NodeJS.Timeout | undefined;
  #isReady = false;
  #isEnded = false;
  #error: unknown;
  /** Windows that it has read. */
  reads = 0;

  constructor(
    readonly worker: Worker,
    readonly options: ThreadOptions,
  ) {
    const started = Promise.withResolvers<void>();
    this.ready = started.promise;
    worker.unref();
    worker.on('message', (answer: Answer) => {
      if (answer.type === 'ready') {
        this.#isReady = true;
        started.resolve();
        this.#rest();
        options.onFree();
      } else this.#answered(answer);
    });
    worker.on('error', (error) => {
      this.#error = error;
    });
    this.#exited = new Promise((resolve) => {
      worker.on('exit', () => {
        resolve();
        started.resolve();
        this.#lost();
      });
    });
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isEnded;
  }

  /** It did start. */
  get wasReady(): boolean {
    return this.#isReady;
  }

  get load(): number {
    return this.#assignments.size;
  }

  get isFree(): boolean {
    return this.isReady && this.load < maxWindows;
  }

  /** Has it read a window, once there is memory for that. */
  async take(task: Task): Promise<void> {
    const assignment: Assignment = { task };
    this.#assignments.set(task.id, assignment);
    clearTimeout(this.#idle);
    this.worker.ref();
    try {
      assignment.release = await this.options.admit?.(task.request.signal);
    } catch (error) {
      this.#finish(task.id);
      if (!task.isOver) task.fail(error);
      return;
    }
    if (this.#assignments.get(task.id) !== assignment) assignment.release?.();
    else if (task.isOver) this.#finish(task.id);
    else this.#send(task);
  }

  /** Nobody waits for a window any more. */
  abort(task: Task): void {
    const assignment = this.#assignments.get(task.id);
    if (!assignment) return;
    this.#post({ type: 'abort', id: task.id });
    const timer = setTimeout(() => void this.end(), this.options.unresponsiveMs).unref();
    this.#overdue.set(task.id, timer);
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#idle);
    await this.worker.terminate();
    await this.#exited;
  }

  #send(task: Task): void {
    const { run, window } = task.request;
    const { isKnown } = this.#runs.use(run.id);
    try {
      const packed = isKnown ? {} : { run: packRun(run) };
      this.#post({ type: 'read', id: task.id, runId: run.id, ...packed, window });
    } catch (error) {
      // Something in it is no data after all, so the thread has not seen the run.
      this.#runs.forget(run.id);
      this.options.onRefused(run.id, (error as Error).message);
      this.#finish(task.id);
      task.succeed(undefined);
    }
  }

  #post(request: Request): void {
    this.worker.postMessage(request);
  }

  #answered(answer: Exclude<Answer, { readonly type: 'ready' }>): void {
    const task = this.#assignments.get(answer.id)?.task;
    this.#finish(answer.id);
    if (!task || task.isOver) return;
    if (answer.type === 'block') {
      this.reads++;
      task.succeed(answer.block);
      return;
    }
    this.options.onRefused(task.request.run.id, answer.reason);
    task.succeed(undefined);
  }

  #finish(id: number): void {
    this.#assignments.get(id)?.release?.();
    this.#assignments.delete(id);
    clearTimeout(this.#overdue.get(id));
    this.#overdue.delete(id);
    this.#rest();
    this.options.onFree();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.load > 0 || this.#isEnded) return;
    this.worker.unref();
    this.#idle = setTimeout(() => void this.end(), this.options.idleMs).unref();
  }

  #lost(): void {
    this.#isEnded = true;
    clearTimeout(this.#idle);
    for (const timer of this.#overdue.values()) clearTimeout(timer);
    const tasks = [...this.#assignments.values()].map(({ task, release }) => {
      release?.();
      return task;
    });
    this.#assignments.clear();
    this.options.onLost(this, tasks, this.#error);
  }
}

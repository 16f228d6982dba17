import type { Frame } from './execute';
import { isThenable } from './thenable';

/**
 * The rest of a graph from its first asynchronous node on: every node starts as soon as what it reads is
 * there, a bounded number at once. The first error ends it; what is still under way is left to itself.
 */
export class Concurrent {
  readonly result: Promise<unknown>;
  readonly #frame: Frame;
  /** Per step, how many of its sources are still missing. */
  readonly #open: Int32Array;
  /** Per step, how many readers have not taken its value yet. */
  readonly #readers: Int32Array;
  readonly #ready: number[] = [];
  #next = 0;
  #running = 0;
  #left: number;
  #isOver = false;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  /** @param first the position of the step that answered with a promise; those before it are done. */
  constructor(frame: Frame, first: number, promise: PromiseLike<unknown>) {
    this.#frame = frame;
    const { steps, readers } = frame.program;
    this.#open = Int32Array.from(steps, ({ reads }) => reads.filter((slot) => slot >= first).length);
    this.#readers = Int32Array.from(readers, (list) => list.filter((reader) => reader >= first).length);
    this.#left = steps.length - first;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#release(first);
    this.#await(first, promise);
    for (let index = first + 1; index < steps.length; index++)
      if (this.#open[index] === 0) this.#ready.push(index);
    this.#pump();
  }

  #await(index: number, promise: PromiseLike<unknown>): void {
    this.#running++;
    promise.then(
      (value) => {
        this.#running--;
        if (this.#isOver) return;
        this.#finish(index, value);
        this.#pump();
      },
      (error) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#ready.length = 0;
    this.#reject(error);
  }

  #finish(index: number, value: unknown): void {
    const { program } = this.#frame;
    this.#frame.store(index, value);
    this.#left--;
    for (const reader of program.readers[index]) if (--this.#open[reader] === 0) this.#ready.push(reader);
    if (this.#readers[index] === 0 && index !== program.result) this.#frame.values[index] = undefined;
  }

  /** A started step has taken its arguments: sources without a further reader can go. */
  #release(index: number): void {
    const { program, values } = this.#frame;
    for (const slot of program.steps[index].reads)
      if (--this.#readers[slot] <= 0 && slot !== program.result) values[slot] = undefined;
  }

  #pump(): void {
    const { program, execution } = this.#frame;
    try {
      while (!this.#isOver && this.#running < execution.concurrency && this.#next < this.#ready.length) {
        const index = this.#ready[this.#next++];
        const value = this.#frame.start(program.steps[index]);
        this.#release(index);
        if (isThenable(value)) this.#await(index, value);
        else {
          this.#finish(index, value);
          if (this.#frame.isPauseDue()) {
            setImmediate(() => this.#pump());
            return;
          }
        }
      }
    } catch (error) {
      this.#fail(error);
    }
    if (!this.#isOver && this.#left === 0) {
      this.#frame.end();
      this.#resolve(this.#frame.values[program.result]);
    }
  }
}

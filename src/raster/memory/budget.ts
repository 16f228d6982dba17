import { OpenEOError } from '../../base/errors';
import { collectGarbage } from '../../base/garbage';
import { type Cube, deriveCube } from '../cube';

/** How long a window waits for others to finish before it is refused. */
const defaultPatienceMs = 30_000;

/** One window that a sink asked for, with all that is read for it. */
export interface Root {
  bytes: number;
  /** Nothing of it counts any more. */
  isOver: boolean;
}

interface Waiter {
  readonly root: Root;
  readonly bytes: number;
  start(): void;
}

/**
 * Memory that is taken for longer than one window: what loading a file takes, and its values for as long as somebody
 * can read them. It is never that of the oldest window, so that windows get on beside it.
 */
export class Holding {
  /** Made by {@link MemoryBudget.hold}. */
  constructor(
    readonly budget: MemoryBudget,
    readonly root: Root,
  ) {}

  /** Takes more. @throws as {@link MemoryBudget.take} */
  async claim(bytes: number, signal: AbortSignal): Promise<void> {
    await this.take(bytes, signal);
  }

  /** The same, without a promise where it is there at once. */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    return this.budget.take(this.root, bytes, signal);
  }

  /**
   * Has so much from now on, if that is spare.
   * @returns whether it has
   */
  resize(bytes: number): boolean {
    if (bytes > this.root.bytes) return this.budget.takeSpare(this.root, bytes - this.root.bytes);
    this.shrinkTo(bytes);
    return true;
  }

  /** Gives back all but so much. */
  shrinkTo(bytes: number): void {
    this.budget.release(this.root, Math.max(0, this.root.bytes - bytes));
  }

  release(): void {
    this.budget.leave(this.root);
  }

  /** The memory is given back when nobody has the value any more. */
  untilGone(value: object): void {
    forgotten.register(value, this);
  }

  /** The same cube; the memory is given back as soon as nobody can read it any more. */
  until(cube: Cube): Cube {
    // What reads go through is referred to by them alone.
    const source = { read: cube.read };
    this.untilGone(source);
    return deriveCube(cube, { read: (window, signal) => source.read(window, signal) });
  }
}

const forgotten = new FinalizationRegistry<Holding>((holding) => holding.release());

/**
 * The memory for pixels of all runs. A window is accounted for on its way down, before anything of it is read: first
 * the block that was asked for, then, as soon as their input is there, the blocks that are made of it; what was read
 * for a block is given back when the block is finished.
 *
 * Half of the budget belongs to the oldest window of all, so that it always gets on; the others share the other half
 * and wait while that is taken. One window can therefore have half of the budget.
 */
export class MemoryBudget {
  readonly #roots = new Set<Root>();
  readonly #waiting: Waiter[] = [];
  readonly #holdings = new Set<Root>();
  #bytes = 0;

  constructor(
    /** Of all windows together. */
    readonly maxBytes: number,
    readonly patienceMs = defaultPatienceMs,
  ) {}

  /** Bytes that are taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What one window may take, with all that is read for it. */
  get windowBytes(): number {
    return this.maxBytes / 2;
  }

  /** What may be taken at most to save work. */
  get spareBytes(): number {
    return this.maxBytes / 4;
  }

  /** A new window. */
  enter(): Root {
    const root = { bytes: 0, isOver: false };
    this.#roots.add(root);
    return root;
  }

  /** Something that takes memory beside windows. */
  hold(): Holding {
    const root = { bytes: 0, isOver: false };
    this.#holdings.add(root);
    return new Holding(this, root);
  }

  /** Something that takes memory only to save work: never so much that windows would have to wait for it. */
  spare(): Holding {
    return new Holding(this, { bytes: 0, isOver: false });
  }

  /** Gives back all that a window has, or what was taken beside windows. */
  leave(root: Root): void {
    this.release(root, root.bytes);
    root.isOver = true;
    this.#roots.delete(root);
    this.#holdings.delete(root);
    this.#pump();
  }

  /**
   * Takes so much for a window that is computed elsewhere, as soon as it is there.
   * @returns gives it back
   * @throws as {@link take}
   */
  async borrow(bytes: number, signal: AbortSignal): Promise<() => void> {
    const root = this.enter();
    try {
      await this.take(root, bytes, signal);
    } catch (error) {
      this.leave(root);
      throw error;
    }
    return () => this.leave(root);
  }

  /**
   * Takes bytes at once or, while others have them, later.
   * @throws OpenEOError `MemoryLimitExceeded`, `TooManyRequests`; the signal's reason
   */
  take(root: Root, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (root.isOver) return undefined;
    if (root.bytes + bytes > this.windowBytes) throw tooLarge(root.bytes + bytes, this.windowBytes);
    if (this.#fits(root, bytes)) {
      this.#add(root, bytes);
      return undefined;
    }
    return this.#wait(root, bytes, signal);
  }

  /** Takes bytes while a quarter of the budget is left for windows. @returns false where it would not be */
  takeSpare(root: Root, bytes: number): boolean {
    if (root.isOver || !this.#fits(root, bytes, this.spareBytes)) return false;
    this.#add(root, bytes);
    return true;
  }

  release(root: Root, bytes: number): void {
    if (root.isOver) return;
    this.#add(root, -bytes);
    if (bytes > 0) this.#pump();
  }

  #add(root: Root, bytes: number): void {
    root.bytes += bytes;
    this.#bytes += bytes;
  }

  /** @param shared bytes of all but the oldest window */
  #fits(root: Root, bytes: number, shared = this.maxBytes / 2): boolean {
    const [oldest] = this.#roots;
    return root === oldest || this.#bytes - (oldest?.bytes ?? 0) + bytes <= shared;
  }

  #pump(): void {
    for (let index = 0; index < this.#waiting.length; ) {
      const { root, bytes, start } = this.#waiting[index];
      if (!root.isOver && !this.#fits(root, bytes)) {
        index++;
        continue;
      }
      this.#waiting.splice(index, 1);
      if (!root.isOver) this.#add(root, bytes);
      start();
    }
  }

  #wait(root: Root, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown) => {
        const place = this.#waiting.indexOf(waiter);
        if (place < 0) return;
        this.#waiting.splice(place, 1);
        settle(() => reject(reason));
      };
      const onAbort = () => stop(signal.reason);
      const timer = setTimeout(
        () => stop(new OpenEOError('TooManyRequests', { seconds: 10 }, { retryAfter: 10 })),
        this.patienceMs,
      );
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const waiter: Waiter = { root, bytes, start: () => settle(resolve) };
      this.#waiting.push(waiter);
      if (this.#holdings.size > 0) void collectGarbage();
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }
}

function tooLarge(needed: number, available: number): OpenEOError {
  return new OpenEOError('MemoryLimitExceeded', {
    needed: inMegabytes(needed),
    available: inMegabytes(available),
  });
}

function inMegabytes(bytes: number): string {
  return `${Math.max(1, Math.ceil(bytes / 2 ** 20)).toLocaleString('en')} MiB`;
}

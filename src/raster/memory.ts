import { AsyncLocalStorage } from 'node:async_hooks';
import { OpenEOError } from '../base/errors';
import { collectGarbage } from '../base/garbage';
import { othersFirst } from '../base/pace';
import { type Block, type Cube, deriveCube, type Window } from './cube';
import { layerLengths, planeLength, product } from './layers';
import { isWide } from './scenes/scene-meta';

/** What a plain value of a cube of text takes, with its place in the array. */
const textBytes = 32;
/** How long a window waits for others to finish before it is refused. */
const defaultPatienceMs = 30_000;

/** Bytes that a block takes. */
export function bytesOf({ data, valid }: Pick<Block, 'data' | 'valid'>): number {
  return (Array.isArray(data) ? data.length * textBytes : data.byteLength) + (valid?.byteLength ?? 0);
}

/** Bytes that the block of a window will take, at most as a rule: numbers are computed in 32 bits or in 64. */
export function expectedBytes(
  cube: Pick<Cube, 'grid' | 'dimensions' | 'dataType' | 'missing'>,
  window: Window,
) {
  const values = product(layerLengths(cube, window)) * planeLength(window);
  const perValue = cube.dataType === 'text' ? textBytes : isWide(cube.dataType) ? 8 : 4;
  return values * (perValue + (cube.missing === 'mask' ? 1 : 0));
}

/** One window that a sink asked for, with all that is read for it. */
interface Root {
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

  release(root: Root, bytes: number): void {
    if (root.isOver) return;
    this.#add(root, -bytes);
    if (bytes > 0) this.#pump();
  }

  #add(root: Root, bytes: number): void {
    root.bytes += bytes;
    this.#bytes += bytes;
  }

  #fits(root: Root, bytes: number): boolean {
    const [oldest] = this.#roots;
    return root === oldest || this.#bytes - (oldest?.bytes ?? 0) + bytes <= this.maxBytes / 2;
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

/** What one read holds: its own block, and the blocks that were read for it. */
class Scope {
  #held = 0;
  #isOver = false;
  #own: 'absent' | 'taken' | 'made' = 'absent';

  constructor(
    readonly budget: MemoryBudget,
    readonly root: Root,
    /** Bytes of its own block; 0 for a part of a read. */
    readonly ownBytes: number,
    /** Whose block this one goes into. */
    readonly parent?: Scope,
  ) {}

  /** @throws as {@link MemoryBudget.take} */
  async hold(bytes: number, signal: AbortSignal): Promise<void> {
    const wait = this.budget.take(this.root, bytes, signal);
    if (wait) await wait;
    if (this.#isOver) this.budget.release(this.root, bytes);
    else this.#held += bytes;
  }

  /** Room for its own block, before anything is known of how it is made. */
  async reserve(signal: AbortSignal): Promise<void> {
    await this.hold(this.ownBytes, signal);
    this.#own = 'taken';
  }

  /** It reads for its own block, so that is not made yet. */
  expectInput(): void {
    if (this.ownBytes === 0) this.parent?.expectInput();
    else if (this.#own === 'taken') {
      this.#own = 'absent';
      this.#held -= this.ownBytes;
      this.budget.release(this.root, this.ownBytes);
    }
  }

  /** Some of its input is there: its own block is made now. */
  async makeOwn(signal: AbortSignal): Promise<void> {
    if (this.ownBytes === 0) await this.parent?.makeOwn(signal);
    else if (this.#own === 'absent') {
      this.#own = 'made';
      await this.hold(this.ownBytes, signal);
    }
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.budget.release(this.root, this.#held);
  }
}

const scopes = new AsyncLocalStorage<Scope>();

/** Part of a read, such as a strip of rows: what is read in it is given back at its end. */
export async function readPart<T>(work: () => Promise<T>): Promise<T> {
  const outer = scopes.getStore();
  if (!outer) return work();
  const scope = new Scope(outer.budget, outer.root, 0, outer);
  try {
    return await scopes.run(scope, work);
  } finally {
    scope.end();
  }
}

/**
 * A cube whose reads are accounted for in a budget.
 * @param onRead told of every read
 * @throws OpenEOError (by `read`) `MemoryLimitExceeded` for windows that need more than one window may have;
 *   `TooManyRequests` when others did not give memory back in time
 */
export function accountReads(cube: Cube, budget: MemoryBudget, onRead?: () => void): Cube {
  const read = async (window: Window, signal: AbortSignal): Promise<Block> => {
    onRead?.();
    const outer = scopes.getStore();
    const root = outer?.root ?? budget.enter();
    const scope = new Scope(budget, root, expectedBytes(cube, window), outer);
    try {
      outer?.expectInput();
      await scope.reserve(signal);
      const turn = othersFirst(signal);
      if (turn) await turn;
      const block = await scopes.run(scope, () => cube.read(window, signal));
      scope.end();
      await outer?.hold(bytesOf(block), signal);
      await outer?.makeOwn(signal);
      return block;
    } finally {
      scope.end();
      if (!outer) budget.leave(root);
    }
  };
  // Accounting changes nothing of what the cube is: its colours stay readable, and steps join it.
  return deriveCube(cube, {
    read,
    indexed: cube.indexed,
    fuse: (step) => {
      const fused = cube.fuse?.(step);
      return fused && accountReads(fused, budget, onRead);
    },
  });
}

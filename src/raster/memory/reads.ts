import { AsyncLocalStorage } from 'node:async_hooks';
import { othersFirst } from '../../base/pace';
import { type Block, type Cube, deriveCube, type Window } from '../cube';
import type { MemoryBudget, Root } from './budget';
import { bytesOf, expectedBytes } from './sizes';

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
    memory: budget,
    indexed: cube.indexed,
    fuse: (step) => {
      const fused = cube.fuse?.(step);
      return fused && accountReads(fused, budget, onRead);
    },
  });
}

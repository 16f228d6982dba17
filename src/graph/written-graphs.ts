import { jsonBytes } from '../base/json';
import type { Holding } from '../raster/memory/budget';

/** Less is not worth counting. */
const smallBytes = 65_536;
/** Graphs are planned in a moment, and nothing aborts that. */
const never = new AbortController().signal;

/**
 * What is written in one process graph and in the definitions that it calls: arrays, geometries, texts. It counts in the
 * memory of all runs while the graph is looked at, and for as long as somebody has its plan.
 */
export class WrittenGraphs {
  #bytes = 0;
  #claimed = 0;
  #holding: Holding | undefined;

  /** @param hold opens an account in the memory of all runs; absent: nobody counts */
  constructor(private readonly hold: (() => Holding) | undefined) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts one more. @throws OpenEOError `MemoryLimitExceeded`, `TooManyRequests` */
  async claim(json: unknown): Promise<void> {
    this.#bytes += jsonBytes(json);
    if (!this.hold || this.#bytes < smallBytes) return;
    this.#holding ??= this.hold();
    const more = this.#bytes - this.#claimed;
    this.#claimed = this.#bytes;
    await this.#holding.claim(more, never);
  }

  /** They are not needed any more. */
  release(): void {
    this.#holding?.release();
  }

  untilGone(plan: object): void {
    this.#holding?.untilGone(plan);
  }
}

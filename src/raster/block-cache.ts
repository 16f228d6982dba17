import type { BlockExchange, Obtained } from './block-exchange';
import type { Plane } from './codecs/planes';
import { recycle } from './recycled';

interface Entry {
  readonly planes: readonly Plane[];
  readonly bytes: number;
}

/** What a reader takes of a block. */
export interface Use {
  /** The sample that it looks at. */
  readonly sample: number;
  /** The part of the block's pixels, from 0 to 1. */
  readonly share: number;
}

/** Shares that make up a whole, but for rounding. */
const wholeShare = 1 - 1e-6;

interface Flight {
  readonly promise: Promise<readonly Plane[]>;
  readonly controller: AbortController;
  waiting: number;
}

/** Who has a block, and whether the cache does. */
interface Lease {
  users: number;
  isKept: boolean;
}

/**
 * Decoded blocks, the least recently used ones leave first. Equal blocks that several readers want at
 * once are decoded once; the work stops when the last of them has gone. The memory of a block that has left is used again
 * when all that it was given to have released it.
 *
 * Threads that exchange blocks read results, window by window. What another thread keeps is not kept twice, and blocks
 * all of whose pixels have been read leave before those that the next windows want the rest of.
 */
export class BlockCache {
  readonly #entries = new Map<string, Entry>();
  /** Those of them that have been read from end to end. */
  readonly #finished = new Set<string>();
  /** By key and sample, the part that has been read of what is here or on its way. */
  readonly #used = new Map<string, number[]>();
  readonly #flights = new Map<string, Flight>();
  readonly #leases = new WeakMap<readonly Plane[], Lease>();
  #bytes = 0;

  /** @param exchange with the caches of other threads */
  constructor(
    readonly maxBytes: number,
    readonly exchange?: BlockExchange,
  ) {
    exchange?.serve(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether a block of so many bytes stays: one block must not push everything else out. */
  keeps(bytes: number): boolean {
    return bytes <= this.maxBytes / 4;
  }

  /** The block if it is here, at no cost. @param use what will be read of it, where only a part may be */
  peek(key: string, use?: Use): readonly Plane[] | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (use) this.note(key, use);
    this.#leases.get(entry.planes)!.users++;
    return entry.planes;
  }

  /** For readers who are done with a block and look at it no more. Others may keep theirs for as long as they like. */
  release(planes: readonly Plane[]): void {
    const lease = this.#leases.get(planes);
    if (!lease) return;
    lease.users--;
    this.#reuse(planes, lease);
  }

  /** The block, made by `load` where it is not here. @throws what `load` throws, or the signal's reason. */
  get(
    key: string,
    load: (signal: AbortSignal) => Promise<readonly Plane[]>,
    signal: AbortSignal,
    use?: Use,
  ): Promise<readonly Plane[]> {
    const here = this.peek(key, use);
    if (here) return Promise.resolve(here);
    if (signal.aborted) return Promise.reject(signal.reason);
    let flight = this.#flights.get(key);
    if (!flight) {
      const controller = new AbortController();
      const promise = this.#make(key, load, controller.signal).then(
        ({ planes, tell }) => {
          this.#leave(key, controller);
          // All that wait have it from now on, even those who are told a little later.
          this.#leases.set(planes, { users: flight!.waiting, isKept: false });
          if (!tell) this.#keep(key, planes);
          else {
            tell((this.#used.get(key) ?? []).flatMap((share, sample) => [{ sample, share }]));
            this.#forget(key);
          }
          return planes;
        },
        (error: unknown) => {
          this.#leave(key, controller);
          this.#forget(key);
          throw error;
        },
      );
      flight = { promise, controller, waiting: 0 };
      this.#flights.set(key, flight);
    }
    if (use) this.note(key, use);
    return this.#join(key, flight, signal);
  }

  async #make(
    key: string,
    load: (signal: AbortSignal) => Promise<readonly Plane[]>,
    signal: AbortSignal,
  ): Promise<Obtained> {
    return this.exchange ? this.exchange.obtain(key, load, signal) : { planes: await load(signal) };
  }

  /** Something of a block that is here or on its way is read, by this thread or another. */
  note(key: string, { sample, share }: Use): void {
    if (!this.exchange || !(this.#entries.has(key) || this.#flights.has(key))) return;
    const used = this.#used.get(key) ?? [];
    this.#used.set(key, used);
    used[sample] = (used[sample] ?? 0) + share;
    if (used[sample] >= wholeShare) this.#finished.add(key);
  }

  #leave(key: string, controller: AbortController): void {
    if (this.#flights.get(key)?.controller === controller) this.#flights.delete(key);
  }

  #join(key: string, flight: Flight, signal: AbortSignal): Promise<readonly Plane[]> {
    flight.waiting++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason);
        if (--flight.waiting > 0) return;
        // A later reader starts anew instead of joining what is being stopped.
        this.#leave(key, flight.controller);
        flight.controller.abort(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const done = () => signal.removeEventListener('abort', onAbort);
      flight.promise.then(
        (planes) => {
          done();
          resolve(planes);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  #keep(key: string, planes: readonly Plane[]): void {
    const bytes = planes.reduce((sum, plane) => sum + plane.byteLength, 0);
    if (!this.keeps(bytes)) {
      this.#forget(key);
      return;
    }
    this.#drop(key);
    this.#bytes += bytes;
    this.#entries.set(key, { planes, bytes });
    this.#leases.get(planes)!.isKept = true;
    for (const keys of [this.#finished, this.#entries.keys()])
      for (const oldest of keys) {
        if (this.#bytes <= this.maxBytes) return;
        this.#drop(oldest);
      }
  }

  #forget(key: string): void {
    this.exchange?.withdraw(key);
    this.#used.delete(key);
    this.#finished.delete(key);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#forget(key);
    this.#bytes -= entry.bytes;
    const lease = this.#leases.get(entry.planes)!;
    lease.isKept = false;
    this.#reuse(entry.planes, lease);
  }

  #reuse(planes: readonly Plane[], { users, isKept }: Lease): void {
    if (users > 0 || isKept) return;
    this.#leases.delete(planes);
    for (const plane of planes) recycle(plane);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.#drop(key);
  }
}

import type { BlockExchange } from './block-exchange';
import type { Plane } from './codecs/planes';
import { recycle } from './recycled';

interface Entry {
  readonly planes: readonly Plane[];
  readonly bytes: number;
}

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
 */
export class BlockCache {
  readonly #entries = new Map<string, Entry>();
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

  /** The block if it is here, at no cost. */
  peek(key: string): readonly Plane[] | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
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
  ): Promise<readonly Plane[]> {
    const here = this.peek(key);
    if (here) return Promise.resolve(here);
    if (signal.aborted) return Promise.reject(signal.reason);
    let flight = this.#flights.get(key);
    if (!flight) {
      const controller = new AbortController();
      const promise = this.#make(key, load, controller.signal).then(
        (planes) => {
          this.#leave(key, controller);
          // All that wait have it from now on, even those who are told a little later.
          this.#leases.set(planes, { users: flight!.waiting, isKept: false });
          this.#keep(key, planes);
          return planes;
        },
        (error: unknown) => {
          this.#leave(key, controller);
          this.exchange?.withdraw(key);
          throw error;
        },
      );
      flight = { promise, controller, waiting: 0 };
      this.#flights.set(key, flight);
    }
    return this.#join(key, flight, signal);
  }

  #make(
    key: string,
    load: (signal: AbortSignal) => Promise<readonly Plane[]>,
    signal: AbortSignal,
  ): Promise<readonly Plane[]> {
    return this.exchange ? this.exchange.obtain(key, load, signal) : load(signal);
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
      this.exchange?.withdraw(key);
      return;
    }
    this.#drop(key);
    this.#bytes += bytes;
    this.#entries.set(key, { planes, bytes });
    this.#leases.get(planes)!.isKept = true;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.exchange?.withdraw(key);
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

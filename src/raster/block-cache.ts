import type { Plane } from './codecs/planes';

interface Entry {
  readonly planes: readonly Plane[];
  readonly bytes: number;
}

interface Flight {
  readonly promise: Promise<readonly Plane[]>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Decoded blocks, the least recently used ones leave first. Equal blocks that several readers want at
 * once are decoded once; the work stops when the last of them has gone.
 */
export class BlockCache {
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

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
    return entry.planes;
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
      const promise = load(controller.signal).then(
        (planes) => {
          this.#leave(key, controller);
          this.#keep(key, planes);
          return planes;
        },
        (error: unknown) => {
          this.#leave(key, controller);
          throw error;
        },
      );
      flight = { promise, controller, waiting: 0 };
      this.#flights.set(key, flight);
    }
    return this.#join(key, flight, signal);
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
    if (!this.keeps(bytes)) return;
    this.#bytes += bytes - (this.#entries.get(key)?.bytes ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, { planes, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

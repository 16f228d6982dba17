import { MessageChannel, type Worker } from 'node:worker_threads';
import { createBlockTable, mostPeers } from '../../raster/block-exchange';
import type { Request } from './messages';

/** What a thread has in common with the others. */
export interface SharedBlocks {
  readonly table: SharedArrayBuffer;
  readonly number: number;
}

/** Threads that exchange blocks: each has a number, and a channel to every other. */
export class Peers {
  readonly #table = createBlockTable();
  readonly #workers = new Map<number, Worker>();

  /** @param start gets nothing where there are more threads than can exchange blocks */
  start(start: (blocks: SharedBlocks | undefined) => Worker): Worker {
    const number = this.#freeNumber();
    if (number === undefined) return start(undefined);
    const worker = start({ table: this.#table, number });
    for (const [other, peer] of this.#workers) {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ type: 'peer', number: other, port: port1 } satisfies Request, [port1]);
      peer.postMessage({ type: 'peer', number, port: port2 } satisfies Request, [port2]);
    }
    this.#workers.set(number, worker);
    worker.once('exit', () => this.#workers.delete(number));
    return worker;
  }

  #freeNumber(): number | undefined {
    for (let number = 1; number <= mostPeers; number++) if (!this.#workers.has(number)) return number;
    return undefined;
  }
}

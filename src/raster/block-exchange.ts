import type { MessagePort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { Use } from './block-cache';
import type { Plane } from './codecs/planes';
import { lend } from './recycled';

type Planes = readonly Plane[];

type Message =
  | { readonly type: 'ask'; readonly id: number; readonly key: string }
  /** What was read of a block that this one keeps. */
  | { readonly type: 'used'; readonly key: string; readonly uses: readonly Use[] }
  /** Without planes where the thread does not have them any more. */
  | { readonly type: 'answer'; readonly id: number; readonly planes?: Planes };

interface Peer {
  readonly port: MessagePort;
  /** What was asked and is not answered yet. */
  readonly asked: Map<number, (planes: Planes | undefined) => void>;
}

/** A block, and where another thread keeps it, the way to tell that one what is read of it. */
export interface Obtained {
  readonly planes: Planes;
  readonly tell?: (uses: readonly Use[]) => void;
}

/** The blocks that a thread keeps. */
export interface BlockHolder {
  peek(key: string): Planes | undefined;
  /** Another thread has read so much of it. */
  note(key: string, use: Use): void;
  release(planes: Planes): void;
}

/** More than the blocks that threads keep. */
const places = 1 << 16;
/** Places that a block may have: those that find none free know nothing of each other. */
const choices = 8;
/** A thread's number takes the low byte of its entries. */
export const mostPeers = 255;

/** What threads that exchange blocks have in common: who makes or keeps which block, by the digest of its key. */
export function createBlockTable(): SharedArrayBuffer {
  return new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT);
}

/** A copy of its own memory; Node's buffers may share theirs. */
function copyOf(plane: Plane): Plane {
  return Buffer.isBuffer(plane) ? new Uint8Array(plane) : plane.slice();
}

/**
 * Lets a thread have the blocks that others have decoded or are decoding: copying one costs a small part of decoding it,
 * and a remote one is fetched once. Nothing is kept for others, and whoever gets no answer decodes himself.
 */
export class BlockExchange {
  readonly #table: Int32Array;
  readonly #peers = new Map<number, Peer>();
  readonly #making = new Map<string, Promise<Planes>>();
  #holder: BlockHolder | undefined;
  #lastId = 0;

  /** @param number of this thread among those of the table, from 1 to {@link mostPeers} */
  constructor(
    table: SharedArrayBuffer,
    private readonly number: number,
  ) {
    this.#table = new Int32Array(table);
  }

  /** From now on others get blocks of this holder. */
  serve(holder: BlockHolder): void {
    this.#holder = holder;
  }

  /** From now on there is another thread; until its port closes. */
  join(number: number, port: MessagePort): void {
    const peer: Peer = { port, asked: new Map() };
    this.#peers.set(number, peer);
    port.on('message', (message: Message) => {
      if (message.type === 'ask') void this.#answer(peer, message.id, message.key);
      else if (message.type === 'used') for (const use of message.uses) this.#holder?.note(message.key, use);
      else {
        peer.asked.get(message.id)?.(message.planes?.map(lend));
        peer.asked.delete(message.id);
      }
    });
    port.on('close', () => {
      if (this.#peers.get(number) === peer) this.#peers.delete(number);
      for (const settle of peer.asked.values()) settle(undefined);
    });
  }

  /**
   * The block as another thread has it, or else made by `load` for this one to keep.
   * @throws what `load` throws, or the signal's reason
   */
  async obtain(
    key: string,
    load: (signal: AbortSignal) => Promise<Planes>,
    signal: AbortSignal,
  ): Promise<Obtained> {
    const peer = this.#claim(key);
    if (peer) {
      const planes = await this.#ask(peer, key);
      signal.throwIfAborted();
      if (planes)
        return {
          planes,
          tell: (uses) => peer.port.postMessage({ type: 'used', key, uses } satisfies Message),
        };
      this.#claim(key, peer);
    }
    const made = load(signal);
    this.#making.set(key, made);
    try {
      return { planes: await made };
    } finally {
      if (this.#making.get(key) === made) this.#making.delete(key);
    }
  }

  /** This thread does not have the block any more. */
  withdraw(key: string): void {
    const { first, entry } = this.#placeOf(key);
    const own = entry | this.number;
    for (let place = first; place < first + choices; place++)
      if (Atomics.compareExchange(this.#table, place, own, 0) === own) return;
  }

  #placeOf(key: string): { readonly first: number; readonly entry: number } {
    const digest = crc32(key);
    return { first: (digest % (places / choices)) * choices, entry: digest & ~mostPeers };
  }

  /**
   * Says that this thread makes the block, unless another one that can be asked has it or makes it.
   * @param refused who does not have it after all
   */
  #claim(key: string, refused?: Peer): Peer | undefined {
    const { first, entry } = this.#placeOf(key);
    for (;;) {
      const found = Array.from({ length: choices }, (_, choice) => Atomics.load(this.#table, first + choice));
      let choice = found.findIndex((each) => each !== 0 && (each & ~mostPeers) === entry);
      const peer = choice < 0 ? undefined : this.#peers.get(found[choice] & mostPeers);
      if (peer && peer !== refused) return peer;
      if (choice < 0)
        choice = Math.max(
          0,
          found.findIndex((each) => this.#isFree(each)),
        );
      const place = first + choice;
      if (Atomics.compareExchange(this.#table, place, found[choice], entry | this.number) === found[choice])
        return undefined;
    }
  }

  /** Nobody says it, or who has ended. */
  #isFree(found: number): boolean {
    const number = found & mostPeers;
    return number !== this.number && !this.#peers.has(number);
  }

  #ask({ port, asked }: Peer, key: string): Promise<Planes | undefined> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      asked.set(id, resolve);
      port.postMessage({ type: 'ask', id, key } satisfies Message);
    });
  }

  /** Never waits for what this thread itself has asked for, so that nobody waits in a ring. */
  async #answer({ port }: Peer, id: number, key: string): Promise<void> {
    const planes = await this.#copy(key);
    const buffers = planes?.map(({ buffer }) => buffer as ArrayBuffer) ?? [];
    port.postMessage({ type: 'answer', id, planes } satisfies Message, buffers);
  }

  #copy(key: string): Planes | Promise<Planes | undefined> | undefined {
    const kept = this.#holder?.peek(key);
    if (!kept)
      return this.#making.get(key)?.then(
        (made) => made.map(copyOf),
        () => undefined,
      );
    const copies = kept.map(copyOf);
    this.#holder!.release(kept);
    return copies;
  }
}

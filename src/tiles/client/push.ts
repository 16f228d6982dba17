import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { Journal } from '../../base/journal';
import { formatInstant } from '../instant';
import type { PendingTile } from './pending-folder';
import { RefusedError, TransientError } from './retry';
import type { TileServer, UploadOutcome } from './tile-server';

/** A tile that the server has. */
interface PushRecord {
  readonly name: string;
  readonly sha256: string;
  readonly captured_at: string;
  readonly flight_id: string;
  readonly id?: string;
  /** When. */
  readonly at: string;
}

export interface PushReport {
  /** New on the server, and in place of an older one. */
  readonly created: number;
  readonly replaced: number;
  /** Uploaded by an earlier run. */
  readonly journalled: number;
  readonly bytes: number;
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
}

export interface PushRequest {
  readonly server: Pick<TileServer, 'upload'>;
  readonly tiles: Iterable<PendingTile>;
  readonly journal: PushJournal;
  /** Called when the server has a tile, before its record is written. */
  readonly onPushed?: (tile: PendingTile) => Promise<void>;
  readonly onProgress?: (report: PushReport) => void;
  readonly signal: AbortSignal;
}

/** The rest was not tried. What was uploaded stays so. */
export class PushStoppedError extends Error {
  override readonly name = 'PushStoppedError';

  constructor(
    message: string,
    readonly report: PushReport,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Files and bytes of one request: few enough to be sent again when a connection breaks. */
const filesPerRequest = 16;
const bytesPerRequest = 4 * 1024 * 1024;
const requestsAtOnce = 4;

/** What was uploaded, by name: changed files count as new ones. */
export class PushJournal {
  readonly #known = new Map<string, string>();
  #journal: Journal | undefined;

  static async open(path: string): Promise<PushJournal> {
    const journal = new PushJournal();
    journal.#journal = await Journal.open(path, (record) => {
      const { name, ...rest } = (record ?? {}) as Partial<PushRecord>;
      if (typeof name === 'string') journal.#known.set(name, versionOf(rest));
    });
    return journal;
  }

  has(record: Omit<PushRecord, 'at' | 'id'>): boolean {
    return this.#known.get(record.name) === versionOf(record);
  }

  async add(record: PushRecord): Promise<void> {
    await this.#journal?.append(record);
    this.#known.set(record.name, versionOf(record));
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }
}

function versionOf({ sha256, captured_at, flight_id }: Partial<PushRecord>): string {
  return `${sha256} ${captured_at} ${flight_id}`;
}

interface Loaded {
  readonly tile: PendingTile;
  readonly bytes: Buffer;
  readonly record: Omit<PushRecord, 'at' | 'id'>;
}

/**
 * Uploads tiles as ones of drones. A tile that is in the journal with the same bytes is passed over; one whose
 * answer was lost is uploaded again, which replaces it with itself.
 * @throws PushStoppedError where the server is gone or refuses everything
 */
export async function pushTiles(request: PushRequest): Promise<PushReport> {
  return new Push(request).run();
}

class Push {
  created = 0;
  replaced = 0;
  journalled = 0;
  bytes = 0;
  readonly failures: { readonly name: string; readonly reason: string }[] = [];
  #isOver = false;

  constructor(readonly request: PushRequest) {}

  async run(): Promise<PushReport> {
    const groups = this.#groups();
    const workers = Array.from({ length: requestsAtOnce }, async () => {
      // Asked one after the other, although several workers wait for the next group.
      for (let next = await groups.next(); !next.done && !this.#isOver; next = await groups.next())
        await this.#upload(next.value);
    });
    const ended = await Promise.allSettled(workers);
    for (const end of ended) {
      if (end.status === 'fulfilled') continue;
      const error: unknown = end.reason;
      const message = this.request.signal.aborted ? 'It was interrupted.' : (error as Error).message;
      if (this.request.signal.aborted || error instanceof RefusedError || error instanceof TransientError)
        throw new PushStoppedError(message, this.#report(), { cause: error });
      throw error;
    }
    return this.#report();
  }

  async *#groups(): AsyncGenerator<Loaded[]> {
    let group: Loaded[] = [];
    let size = 0;
    for (const tile of this.request.tiles) {
      this.request.signal.throwIfAborted();
      const loaded = await this.#load(tile);
      if (!loaded) continue;
      if (
        group.length === filesPerRequest ||
        (group.length > 0 && size + loaded.bytes.length > bytesPerRequest)
      ) {
        yield group;
        group = [];
        size = 0;
      }
      group.push(loaded);
      size += loaded.bytes.length;
    }
    if (group.length > 0) yield group;
  }

  async #load(tile: PendingTile): Promise<Loaded | undefined> {
    let bytes: Buffer;
    try {
      bytes = await fs.readFile(tile.path);
    } catch (error) {
      this.failures.push({ name: tile.name, reason: (error as Error).message });
      return undefined;
    }
    const record = {
      name: tile.name,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      captured_at: formatInstant(tile.capturedAt),
      flight_id: tile.flightId,
    };
    if (!this.request.journal.has(record)) return { tile, bytes, record };
    this.journalled++;
    return undefined;
  }

  async #upload(group: readonly Loaded[]): Promise<void> {
    const { server } = this.request;
    let outcomes: readonly UploadOutcome[];
    try {
      outcomes = await server.upload(
        group.map(({ tile, bytes, record }) => ({
          metadata: {
            ...tile.tile,
            ...{
              source: 'uav',
              captured_at: record.captured_at,
              flight_id: tile.flightId,
              sha256: record.sha256,
            },
          },
          ...{ bytes, name: tile.name.split('/').at(-1) ?? 'tile' },
        })),
      );
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
    for (const [index, loaded] of group.entries())
      await this.#note(
        loaded,
        outcomes.find((outcome) => outcome.index === index),
      );
    this.request.onProgress?.(this.#report());
  }

  async #note({ tile, bytes, record }: Loaded, outcome: UploadOutcome | undefined): Promise<void> {
    if (outcome?.status !== 200 && outcome?.status !== 201) {
      const reason = outcome?.error?.message ?? `the server says nothing of it`;
      this.failures.push({ name: tile.name, reason });
      return;
    }
    await this.request.onPushed?.(tile);
    await this.request.journal.add({ ...record, id: outcome.id, at: new Date().toISOString() });
    this.bytes += bytes.length;
    if (outcome.status === 201) this.created++;
    else this.replaced++;
  }

  #report(): PushReport {
    const { created, replaced, journalled, bytes, failures } = this;
    return { created, replaced, journalled, bytes, failures };
  }
}

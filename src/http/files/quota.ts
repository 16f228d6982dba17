import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenEOError } from '../../base/errors';
import type { RecordStore, UploadRecord } from '../../store/records/types';

/** A server that dies holds room for so long at most. */
const leaseMs = 60_000;
/** How long to wait for the answer to somebody who asked earlier, before looking again. */
const pauseMs = 20;

interface Sized {
  readonly path: string;
  readonly size: number;
}

/** Room for one upload. */
export interface Reservation {
  /** How many bytes it has room for. */
  readonly bytes: number;
  /** @throws OpenEOError `StorageQuotaExceeded` where so many bytes in all would exceed the quota */
  reserve(bytes: number): Promise<void>;
  /** Holds the room for another while. @throws OpenEOError `StorageFailure` where it was lost in the meantime */
  keep(): Promise<void>;
  /** Gives the room back, and that of what is stored by now to the file. Call it in any case at the end. */
  end(): Promise<void>;
}

/**
 * The bytes that a user's files may take, over all server processes: each upload asks for its room in the records
 * before it stores anything. Uploads are in the order in which they asked; each counts what is stored and what those
 * before it have asked for, so that the last one of any that end well has counted all of them. A file counts with the
 * largest of what it holds and what is being uploaded to it, since the one may stay or the other come.
 */
export class Quota {
  constructor(
    readonly uploads: RecordStore['uploads'],
    readonly quotaBytes: number,
    /** What the user has stored. */
    readonly list: (userId: string) => Promise<readonly Sized[]>,
  ) {}

  open(userId: string, path: string): Reservation {
    const { uploads } = this;
    const id = randomUUID();
    let granted = 0;
    let renewal: NodeJS.Timeout | undefined;
    return {
      get bytes() {
        return granted;
      },
      reserve: async (bytes) => {
        await this.#ask({ id, userId, path, wanted: bytes });
        granted = bytes;
        renewal ??= setInterval(() => uploads.renew(id, leaseMs).catch(() => {}), leaseMs / 4).unref();
      },
      async keep() {
        if (renewal && !(await uploads.renew(id, leaseMs))) throw new OpenEOError('StorageFailure');
      },
      async end() {
        clearInterval(renewal);
        // It expires where the database is away.
        await uploads.end(id).catch(() => {});
      },
    };
  }

  async #ask(upload: Omit<UploadRecord, 'granted'>): Promise<void> {
    const { id, userId, path, wanted } = upload;
    let before = await this.uploads.ask(upload, leaseMs);
    for (;;) {
      // After what is asked for: what is stored in between counts twice for the same file, and hence once.
      const stored = await this.list(userId);
      const fits = (count: (other: UploadRecord) => number) =>
        sum([
          ...stored,
          ...before.map((other) => ({ path: other.path, size: count(other) })),
          { path, size: wanted },
        ]) <= this.quotaBytes;
      if (fits((other) => other.wanted)) break;
      // Perhaps others ask for more than they will get.
      if (!fits((other) => other.granted))
        throw new OpenEOError('StorageQuotaExceeded', { quota: `${this.quotaBytes} bytes` });
      await delay(pauseMs);
      before = await this.uploads.before(id);
    }
    if (!(await this.uploads.grant(id))) throw new OpenEOError('StorageFailure');
  }
}

/** Each path with its largest size. */
function sum(sizes: readonly Sized[]): number {
  const largest = new Map<string, number>();
  for (const { path, size } of sizes) largest.set(path, Math.max(size, largest.get(path) ?? 0));
  return [...largest.values()].reduce((total, size) => total + size, 0);
}

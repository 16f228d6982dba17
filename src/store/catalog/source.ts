import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { type Address, isRemote, loggedName } from './address';
import type { DocumentReader } from './documents';
import { FieldError } from './fields';
import { type LoadedCollection, Walk } from './walk';

export interface Freshness {
  /** For how long local documents are taken without looking for changes. */
  readonly localMs: number;
  /** The same for documents from the network. */
  readonly remoteMs: number;
}

/** One configured document with all collections below it, looked at again when some time has passed. */
export class CatalogSource {
  #loaded: readonly LoadedCollection[] = [];
  #error: unknown;
  #loading: Promise<void> | undefined;
  #nextCheck = 0;
  #lastReason = '';

  constructor(
    readonly address: Address,
    private readonly reader: DocumentReader,
    private readonly freshness: Freshness,
  ) {}

  /** What was read last, after looking for changes where that is due. Never fails: see {@link error}. */
  async collections(logger: Logger): Promise<readonly LoadedCollection[]> {
    if (performance.now() >= this.#nextCheck) {
      this.#loading ??= this.#load(logger).finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
    }
    return this.#loaded;
  }

  /** Of the texts of all documents that it was made of. */
  get bytes(): number {
    return this.reader.bytes;
  }

  /** Why the document could not be read last time. */
  get error(): unknown {
    return this.#error;
  }

  async #load(logger: Logger): Promise<void> {
    const started = performance.now();
    try {
      this.#loaded = await new Walk(this.reader, logger).run(this.address);
      this.#error = undefined;
      this.#lastReason = '';
    } catch (error) {
      this.#error = error;
      const reason = error instanceof Error ? error.message : String(error);
      // A source that stays broken is reported once, not at every look.
      if (reason !== this.#lastReason)
        logger.error('cannot read a STAC source', {
          source: loggedName(this.address),
          reason,
          ...(error instanceof OpenEOError || error instanceof FieldError ? {} : { error }),
        });
      this.#lastReason = reason;
    }
    const ended = performance.now();
    const pause = isRemote(this.address) ? this.freshness.remoteMs : this.freshness.localMs;
    // Looking at thousands of files takes its time: at most a twentieth of the server's.
    this.#nextCheck = ended + (pause > 0 ? Math.max(pause, 20 * (ended - started)) : 0);
  }
}

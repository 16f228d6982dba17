import { OpenEOError } from '../base/errors';
import type { JobAsset, JobLease, JobResult, JobStore } from '../store/records/jobs/types';

const writeEveryMs = 250;

/** Brings progress and assets of a run to its row: what people look at, but not at every step. */
export class Reporter {
  #percent = 0;
  #message: string | undefined;
  #assets: readonly JobAsset[];
  #isDirty = false;
  #hasNewAssets = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param known assets of earlier runs, which count until they are replaced
   * @param onTaken called when the row is no longer this run's
   */
  constructor(
    private readonly jobs: Pick<JobStore, 'report'>,
    private readonly lease: JobLease,
    known: readonly JobAsset[],
    private readonly onTaken: () => void,
  ) {
    this.#assets = known;
  }

  get assets(): readonly JobAsset[] {
    return this.#assets;
  }

  progress(percent: number, message?: string): void {
    // What is not a number tells nothing.
    const next = Math.min(100, percent);
    if (next > this.#percent) this.#percent = next;
    this.#message = message ?? this.#message;
    this.#isDirty = true;
    this.#timer ??= setTimeout(() => void this.flush(), writeEveryMs).unref();
  }

  async addAsset(asset: JobAsset): Promise<void> {
    this.#assets = [...this.#assets.filter(({ name }) => name !== asset.name), asset];
    this.#hasNewAssets = true;
    this.#isDirty = true;
    await this.flush();
  }

  /** Writes what is new; a database that is away is told later. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const result: JobResult | undefined = this.#hasNewAssets ? { assets: this.#assets } : undefined;
    try {
      const isHeld = await this.jobs.report(this.lease, {
        ...{ progress: this.#percent, message: this.#message, result },
      });
      if (!isHeld) this.onTaken();
    } catch (error) {
      if (!(error instanceof OpenEOError)) throw error;
      this.#isDirty = true;
      this.#timer ??= setTimeout(() => void this.flush(), 4 * writeEveryMs).unref();
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

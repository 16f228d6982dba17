import type { ClaimRequest, JobAsset, JobRecord, NewJob } from '../../../src/store/records/jobs/types';
import type { RecordStore } from '../../../src/store/records/types';

export const asset: JobAsset = {
  name: 'result.tif',
  key: 'jobs/1/1/result.tif',
  mediaType: 'image/tiff',
  size: 12,
  roles: ['data'],
};

/** What the tests of a back-end's jobs share. */
export interface JobFixture {
  readonly store: RecordStore;
  /** Another store of the same database, as another process has it. */
  readonly other: RecordStore;
  /** Where the database is. */
  readonly url: string;
  job(more?: Partial<NewJob>): NewJob;
  make(more?: Partial<NewJob>): Promise<JobRecord>;
  /** Makes a job and puts it in line; resolves to its id. */
  inLine(more?: Partial<NewJob>): Promise<string>;
  /** Runs a statement on a connection that knows nothing of the store. */
  byHand(statement: string): Promise<void>;
}

export const wish = (more: Partial<ClaimRequest> = {}): ClaimRequest => ({
  ...{ worker: 'one', leaseMs: 60_000, types: ['batch', 'seed'], limit: 10, perUser: 100, perType: {} },
  ...more,
});

export const ids = (jobs: readonly JobRecord[]) => jobs.map(({ id }) => id);

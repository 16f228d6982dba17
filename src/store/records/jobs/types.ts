import type { LogLevel } from '../../../base/logger';
import type { Page, PageRequest } from '../types';

/** The row's words; openEO says `finished` for `completed` and `error` for `failed`. */
export type JobStatus = 'created' | 'queued' | 'running' | 'completed' | 'failed' | 'canceled';

/** Why a job failed, for its owner: no stack, no secret. */
export interface JobError {
  readonly code: string;
  readonly message: string;
  /** Repeated in the server's log where the failure is the server's. */
  readonly id?: string;
}

/** A file that a job made. */
export interface JobAsset {
  /** Its file name in the results: unique in the job. */
  readonly name: string;
  /** Its key in the object store. */
  readonly key: string;
  readonly mediaType: string;
  readonly size: number;
  /** Multihash in hex, as STAC's `file:checksum` has it. */
  readonly checksum?: string;
  readonly title?: string;
  readonly description?: string;
  readonly roles: readonly string[];
  /** The node whose result it is. */
  readonly node?: string;
  /** [west, south, east, north], degrees. */
  readonly bbox?: readonly [number, number, number, number];
  /** First and last instant; null where it is open. */
  readonly interval?: readonly [string | null, string | null];
  /** Further fields of the STAC asset: `proj:…`, `raster:…`. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What a job has made. */
export interface JobResult {
  readonly assets: readonly JobAsset[];
  /** What the job's type tells about its result: `tiles_path`, `tile_count`, … */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface JobRecord {
  readonly id: string;
  readonly ownerId: string;
  /** The file in `src/jobs/types/` that runs it: `batch`. */
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  /** The openEO process: what `batch` jobs run, and what other jobs show. */
  readonly process: Readonly<Record<string, unknown>>;
  /** What the type needs to know; valid against its schema. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly status: JobStatus;
  /** 0 to 100; never goes back within one start. */
  readonly progress: number;
  readonly message: string;
  readonly result?: JobResult;
  readonly error?: JobError;
  readonly logLevel: LogLevel;
  readonly plan?: string;
  readonly budget?: number;
  readonly costs?: number;
  /** Larger goes first. */
  readonly priority: number;
  /** How often it was leased, ever: tells the run of one lease from those before and after. */
  readonly run: number;
  /** Failed tries since it was started. */
  readonly attempts: number;
  /** Leases that ended without a word since there was progress: a job that kills its workers is given up. */
  readonly losses: number;
  readonly leaseOwner?: string;
  readonly leaseUntil?: Date;
  /** One job per owner and key, however often it is asked for. */
  readonly idempotencyKey?: string;
  readonly projectId?: string;
  readonly versionId?: string;
  readonly createdAt: Date;
  readonly queuedAt?: Date;
  /** It is not leased before: a retry waits. */
  readonly nextAt?: Date;
  readonly startedAt?: Date;
  readonly completedAt?: Date;
  readonly updatedAt: Date;
}

/** A job to be made; what is left out is empty or the usual. */
export type NewJob = Pick<JobRecord, 'id' | 'ownerId' | 'type' | 'process'> &
  Partial<
    Pick<
      JobRecord,
      | 'title'
      | 'description'
      | 'payload'
      | 'logLevel'
      | 'plan'
      | 'budget'
      | 'priority'
      | 'idempotencyKey'
      | 'projectId'
      | 'versionId'
    >
  >;

/** What is absent or undefined stays as it is; null clears what may be absent. */
export interface JobChange {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly process?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly logLevel?: LogLevel;
  readonly plan?: string | null;
  readonly budget?: number | null;
  readonly priority?: number;
}

export interface JobFilter extends PageRequest {
  readonly ownerId?: string;
  readonly projectId?: string;
  readonly type?: string;
  readonly status?: JobStatus;
}

/** A lease: everything that a worker writes names it, and changes nothing once the lease is another's. */
export interface JobLease {
  readonly id: string;
  readonly run: number;
}

export interface ClaimRequest {
  /** Names the process that leases. */
  readonly worker: string;
  readonly leaseMs: number;
  /** Job types that the worker knows. */
  readonly types: readonly string[];
  /** How many jobs to take at most. */
  readonly limit: number;
  /** How many jobs of one owner, and of each type, may run at once, on all machines together. */
  readonly perUser: number;
  readonly perType: Readonly<Record<string, number>>;
  /** Leaves leases as they are, those of this worker too: cheap, for those who look after them now and then. */
  readonly isQuick?: boolean;
  /** Only these jobs; at most 16. */
  readonly ids?: readonly string[];
}

export interface JobStore {
  get(id: string): Promise<JobRecord | undefined>;
  /** Oldest first. */
  list(filter: JobFilter): Promise<Page<JobRecord>>;
  /**
   * Makes it as `created`, or returns what was made before with the same idempotency key.
   * @throws OpenEOError `RecordLimitExceeded` where the owner has as many as a user may keep
   */
  create(job: NewJob): Promise<{ readonly job: JobRecord; readonly isNew: boolean }>;
  /** Undefined where there is no such job, or where it is queued or running. */
  update(id: string, change: JobChange): Promise<JobRecord | undefined>;
  /** Puts it in line and forgets its last result; undefined where it is in line or running already. */
  queue(id: string): Promise<JobRecord | undefined>;
  /**
   * Ends queued and running jobs at once, whoever runs them: `canceled` where there are results, else `created`.
   * Undefined where it was neither.
   */
  cancel(id: string): Promise<JobRecord | undefined>;
  /** With its logs and signing keys; its files are the caller's business. */
  remove(id: string): Promise<boolean>;
  /**
   * Takes up to `limit` jobs by priority and age. Renews the worker's leases first, and gives back to the line what
   * leases ended on; jobs that lost `maxLosses` leases without progress fail.
   */
  claim(request: ClaimRequest): Promise<readonly JobRecord[]>;
  /** Makes all leases of a worker longer; tells which it still holds. */
  renew(worker: string, leaseMs: number): Promise<readonly JobLease[]>;
  /** Puts back in line, or fails, what lost its lease; the ids of those in line again. */
  recover(): Promise<readonly string[]>;
  /** Jobs that might have been taken for at least so long, in the order of the line. */
  overdue(ms: number, limit: number): Promise<readonly JobRecord[]>;
  /** False where the lease is no longer held. The number never goes back. */
  report(
    lease: JobLease,
    news: { readonly progress?: number; readonly message?: string; readonly result?: JobResult },
  ): Promise<boolean>;
  /** False where the lease is no longer held: then it changed nothing. */
  complete(
    lease: JobLease,
    outcome: {
      readonly status: 'completed' | 'failed';
      readonly message: string;
      readonly result?: JobResult;
      readonly error?: JobError;
      readonly costs?: number;
    },
  ): Promise<boolean>;
  /** Back in line, to be taken in `delayMs`. @param outcome.isFailure counts as an attempt */
  postpone(
    lease: JobLease,
    outcome: { readonly delayMs: number; readonly message: string; readonly isFailure: boolean },
  ): Promise<boolean>;
  /** Jobs with results that ended before a time, oldest first: what retention looks at. */
  endedBefore(time: Date, limit: number): Promise<readonly JobRecord[]>;
  /** Forgets the result of a job that has ended; its files are the caller's business. */
  forgetResult(id: string): Promise<boolean>;
}

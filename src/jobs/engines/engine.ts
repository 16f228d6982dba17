import type { Logger } from '../../base/logger';
import type { JobRecord, JobStore } from '../../store/records/jobs/types';
import type { RecordStore } from '../../store/records/types';

/** How jobs get from their rows to a process that runs them. The row is the truth; an engine only delivers. */
export interface JobEngine {
  /** Begins to take and run jobs, where this process does. */
  start(): Promise<void>;
  /** Tells that a job is in line. */
  enqueue(job: JobRecord): Promise<void>;
  /** How many jobs run in this process. */
  readonly running: number;
  /** Gives running jobs back to the line, and stops. */
  close(): Promise<void>;
}

/** Runs one leased job to its end, and never throws. Aborting ends it within moments. */
export type RunJob = (job: JobRecord, interruption: AbortController) => Promise<unknown>;

export interface EngineSettings {
  /** Jobs that run in this process at once. */
  readonly concurrency: number;
  readonly perUser: number;
  readonly perType: Readonly<Record<string, number>>;
  readonly leaseMs: number;
  /** How often the line is looked at where no word of it comes. */
  readonly pollMs: number;
}

export interface EngineOptions {
  readonly jobs: JobStore;
  readonly onChange: RecordStore['onChange'];
  readonly types: readonly string[];
  readonly run: RunJob;
  readonly logger: Logger;
  readonly settings: EngineSettings;
}

/** A row that is in line and was delivered is taken with these limits. */
export function claimLimits({ types, settings }: EngineOptions) {
  const { leaseMs, perUser, perType } = settings;
  return { leaseMs, types, perUser, perType };
}

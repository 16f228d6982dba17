import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { ProcessDefinition } from '../graph/types';
import type { JobRecord } from '../store/records/jobs/types';
import { SubjectLogs } from '../store/records/subject-logs';
import type { RecordStore, User } from '../store/records/types';
import { planBatch } from './batch-graph';
import { DistributedEngine } from './engines/distributed';
import { EmbeddedEngine } from './engines/embedded';
import type { EngineOptions, EngineSettings, JobEngine } from './engines/engine';
import { estimateJob } from './estimate';
import { Housekeeping } from './housekeeping';
import type { Estimate, JobParts, JobType } from './job-type';
import { JobManager } from './manager';
import { JobRunner } from './run-job';
import { batch } from './types/batch';
import { generateTiles } from './types/generate_tiles';
import { publish } from './types/publish';
import { seed } from './types/seed';
import { JobWatcher } from './watcher';
import type { Webhooks } from './webhooks';

const usualOrphanMs = 60 * 60_000;

/** All kinds of jobs. */
const jobTypes: readonly JobType[] = [batch, generateTiles, publish, seed];

/** Long work: its life, and the engine that runs it. */
export interface Jobs {
  readonly manager: JobManager;
  readonly engine: JobEngine;
  /** @throws OpenEOError everything that is wrong with a graph and can be known before it runs */
  check(user: User, process: ProcessDefinition): Promise<void>;
  /** What a job will take. @throws OpenEOError `EstimateComplexity`; what the job would fail with; the signal's reason */
  estimate(job: JobRecord, signal: AbortSignal): Promise<Estimate>;
  readonly watcher: JobWatcher;
  readonly housekeeping: Housekeeping;
  /** Begins to take jobs, to tell of their ends and to remove what has expired. */
  start(): Promise<void>;
  /** Gives running jobs back to the line, and writes the logs that wait. */
  close(): Promise<void>;
}

/** Which engine, and what it needs. */
export type EngineChoice =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 'pg-boss';
      readonly connectionString: string;
      /** Whether this process runs jobs, or only starts them. */
      readonly isWorker: boolean;
    };

function createEngine(choice: EngineChoice, options: EngineOptions): JobEngine {
  return choice.kind === 'embedded'
    ? new EmbeddedEngine(options)
    : new DistributedEngine({ ...options, ...choice });
}

export function createJobs(options: {
  readonly engine: EngineChoice;
  readonly parts: JobParts;
  readonly records: RecordStore;
  readonly logger: Logger;
  readonly settings: EngineSettings;
  readonly pauseMs: number;
  readonly retention: { readonly resultMs: number; readonly logMs: number; readonly orphanMs?: number };
  readonly webhooks?: Webhooks;
  readonly types?: readonly JobType[];
}): Jobs {
  const { parts, records, logger, settings, pauseMs, retention, webhooks, types = jobTypes } = options;
  const logs = new SubjectLogs(records, logger);
  const onEnd = () => webhooks?.look();
  const runner = new JobRunner({ parts, types, logs, pauseMs, onEnd });
  const engineOptions: EngineOptions = {
    ...{ jobs: records.jobs, logger, settings },
    onChange: records.onChange,
    types: types.map(({ id }) => id),
    run: (job, interruption) => runner.run(job, interruption),
  };
  const engine = createEngine(options.engine, engineOptions);
  const watcher = new JobWatcher(records.jobs);
  const housekeeping = new Housekeeping({
    ...{ parts, types: runner.types, logger, orphanMs: usualOrphanMs, ...retention },
  });
  return {
    manager: new JobManager({ parts, runner, engine, logs, onEnd }),
    engine,
    watcher,
    housekeeping,
    check: async (user, process) => void (await planBatch(parts, user, process)),
    async estimate(job, signal) {
      const user = await records.users.get(job.ownerId);
      if (!user) throw new OpenEOError('JobNotFound', { identifier: job.id });
      return estimateJob(runner.types.get(job.type)!, { ...parts, job, user, signal });
    },
    async start() {
      // First, so that no job ends unheard.
      await webhooks?.start();
      await engine.start();
      housekeeping.start();
    },
    async close() {
      watcher.close();
      await housekeeping.close();
      await engine.close();
      await webhooks?.close();
      await logs.flush();
    },
  };
}

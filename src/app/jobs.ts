import { SetupError } from '../base/errors';
import type { Logger } from '../base/logger';
import { createHttpClient } from '../base/net';
import type { Config } from '../config/types';
import type { JobParts } from '../jobs/job-type';
import { createJobs, type EngineChoice, type Jobs } from '../jobs/jobs';
import { Webhooks } from '../jobs/webhooks';
import type { RecordStore } from '../store/records/types';
import { parseStoreUrl } from '../store/sql/url';

/** How often the line of jobs is looked at where no word of a change comes, and how long a full disk pauses a job. */
const jobPollMs = 1000;
const fullDiskPauseMs = 10_000;

/** What a process is for: with pg-boss only workers run jobs. */
export type Role = 'server' | 'worker';

/** A client of their own: that jobs are told to a host does not mean that process graphs may read from it. */
function webhooksOf(
  { jobs: { webhooks, webhookSecret } }: Config,
  records: RecordStore,
  logger: Logger,
): Webhooks | undefined {
  if (webhooks.length === 0) return undefined;
  const allowedHosts = webhooks.map((url) => new URL(url).host);
  const http = createHttpClient({ allowedHosts, logger });
  return new Webhooks({ records, http, logger, urls: webhooks, secret: webhookSecret });
}

/** @throws Error where the engine cannot work on the database of the records */
function engineOf({ jobs: { engine }, storeUrl }: Config, role: Role): EngineChoice {
  if (engine === 'embedded') return { kind: 'embedded' };
  const location = parseStoreUrl(storeUrl);
  if (location.dialect !== 'postgres')
    throw new SetupError(
      'TILEGRAPH_JOBS=pg-boss needs PostgreSQL: set TILEGRAPH_STORE_URL to postgresql://…',
    );
  const { connectionString } = location;
  return { kind: 'pg-boss', connectionString, isWorker: role === 'worker' };
}

/** Its engine is not started. @throws Error where the engine cannot work on the database of the records */
export function openJobs(config: Config, parts: JobParts, logger: Logger, role: Role): Jobs {
  return createJobs({
    ...{ parts, records: parts.records, logger },
    engine: engineOf(config, role),
    settings: { ...config.jobs, pollMs: jobPollMs },
    pauseMs: fullDiskPauseMs,
    retention: config.jobs.retention,
    webhooks: webhooksOf(config, parts.records, logger),
  });
}

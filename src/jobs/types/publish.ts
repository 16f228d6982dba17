import { OpenEOError } from '../../base/errors';
import type { VersionRecord } from '../../store/records/projects/types';
import type { JobContext, JobType } from '../job-type';
import { quietProject } from '../running-generation';

async function versionOf({ job, records }: Pick<JobContext, 'job' | 'records'>): Promise<VersionRecord> {
  const id = job.versionId ?? '';
  const version = await records.projects.version(id);
  if (!version) throw new OpenEOError('VersionNotFound', { slug: job.projectId ?? '', version: id });
  return version;
}

/** Why a set that is not public cannot become so. */
function refusal({ version, status }: VersionRecord): OpenEOError {
  return status === 'draft'
    ? new OpenEOError('NothingStaged', { version })
    : new OpenEOError('VersionNotDraft', { version, status });
}

/** Points the readers of a version to its staged tiles: one change of one row, after which nothing changes any more. */
export const publish: JobType = {
  id: 'publish',
  payload: {
    type: 'object',
    required: ['path'],
    additionalProperties: false,
    properties: { path: { type: 'string', description: 'The staged set that is meant.' } },
  },
  retry: { attempts: 5, delayMs: 1000 },
  admit: async (job, { records }) => void (await quietProject(records, job)),
  async run(payload, context) {
    context.progress(50, 'Publishing…');
    const path = String(payload['path']);
    const { id, staged } = await versionOf(context);
    if (staged?.path === path) await context.records.projects.publish(id, staged, new Date());
    const version = await versionOf(context);
    // Delivered twice it finds its own work.
    if (version.published?.path !== path) throw refusal(version);
    return { tiles_path: path, version: version.version };
  },
  /** One row, however much it points to. */
  async estimate(payload, context) {
    const version = await versionOf(context);
    const { status, staged, published } = version;
    const set = status === 'draft' ? staged : published;
    if (set?.path !== payload['path']) throw refusal(version);
    return { values: 0, bytesRead: 0, seconds: 0, bytes: 0 };
  },
};

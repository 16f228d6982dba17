import { OpenEOError } from '../../base/errors';
import type { JobType } from '../job-type';

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
  async run(payload, { job, records, progress }) {
    progress(50, 'Publishing…');
    const id = job.versionId ?? '';
    const path = String(payload['path']);
    const before = await records.projects.version(id);
    if (!before) throw new OpenEOError('VersionNotFound', { slug: job.projectId ?? '', version: id });
    const { staged } = before;
    if (staged?.path === path) await records.projects.publish(id, staged, new Date());
    const version = (await records.projects.version(id)) ?? before;
    // Delivered twice it finds its own work.
    if (version.published?.path === path) return { tiles_path: path, version: version.version };
    if (version.status !== 'draft')
      throw new OpenEOError('VersionNotDraft', { version: version.version, status: version.status });
    throw new OpenEOError('NothingStaged', { version: version.version });
  },
};

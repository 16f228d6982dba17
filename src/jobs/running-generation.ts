import { OpenEOError } from '../base/errors';
import { isActive } from '../store/records/jobs/states';
import type { JobRecord } from '../store/records/jobs/types';
import type { ProjectRecord } from '../store/records/projects/types';
import type { RecordStore } from '../store/records/types';

type Records = Pick<RecordStore, 'jobs' | 'projects'>;

/** @throws OpenEOError `GenerationRunning` where a generation of a project is in line or at work */
export async function refuseRunning({ jobs }: Records, { activeJobId }: ProjectRecord): Promise<void> {
  const active = activeJobId === undefined ? undefined : await jobs.get(activeJobId);
  if (active && isActive(active)) throw new OpenEOError('GenerationRunning', { job: active.id });
}

/** The project of a job. @throws OpenEOError `ProjectNotFound`; as `refuseRunning` */
export async function quietProject(records: Records, { projectId = '' }: JobRecord): Promise<ProjectRecord> {
  const project = await records.projects.find(projectId);
  if (!project) throw new OpenEOError('ProjectNotFound', { slug: projectId });
  await refuseRunning(records, project);
  return project;
}

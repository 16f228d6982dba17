import { foldersBelow } from '../store/objects/folders';
import type { ObjectInfo, ObjectStore } from '../store/objects/types';
import { isActive } from '../store/records/jobs/states';
import type { JobRecord } from '../store/records/jobs/types';
import type { RecordStore } from '../store/records/types';

export interface OrphanOptions {
  readonly objects: ObjectStore;
  readonly records: Pick<RecordStore, 'jobs' | 'projects' | 'services'>;
  /** What was stored later may be about to be referred to. */
  readonly before: Date;
  /** Failed jobs keep what they stored until they have ended so long ago; undefined: for ever. */
  readonly failedBefore: Date | undefined;
  isStopped(): boolean;
}

const pageSize = 500;

/**
 * Removes what no row refers to, as processes leave it that were killed at the wrong moment.
 * @returns how many files, or folders of many
 */
export async function removeOrphans(options: OrphanOptions): Promise<number> {
  return (await removeFiles(options)) + (await removeFolders(options));
}

/** Files of jobs. */
async function removeFiles({ objects, records, before, isStopped }: OrphanOptions): Promise<number> {
  let count = 0;
  let after: string | undefined;
  // Files of one job follow each other.
  let current: { readonly id: string; readonly job: JobRecord | undefined } | undefined;
  do {
    const page = await objects.list('jobs/', { limit: pageSize, ...(after !== undefined && { after }) });
    for (const file of page.items) {
      if (file.modified > before || isStopped()) continue;
      const id = file.key.split('/')[1];
      if (current?.id !== id) current = { id, job: await records.jobs.get(id) };
      if (isOrphan(file, current.job) && (await objects.remove(file.key))) count++;
    }
    after = page.next;
  } while (after !== undefined);
  return count;
}

/** Files of jobs that are in line or at work belong to a run, now or soon. */
function isOrphan({ key }: ObjectInfo, job: JobRecord | undefined): boolean {
  if (!job) return true;
  return !isActive(job) && !job.result?.assets.some((asset) => asset.key === key);
}

/** Pyramids of jobs; tiles and assets of map projects; tiles of services that were drawn ahead. */
async function removeFolders(options: OrphanOptions): Promise<number> {
  const { objects, before, isStopped } = options;
  const kinds: [prefix: string, depth: number, isLeft: (folder: string) => Promise<boolean>][] = [
    ['pyramids/', 3, (folder) => isLeftByJob(folder, folder.split('/')[1], options)],
    ['mp/', 6, (folder) => isLeftInProject(folder, options)],
    ['seeds/', 2, async (folder) => !(await options.records.services.get(folder.split('/')[1]))],
  ];
  let count = 0;
  for (const [prefix, depth, isLeft] of kinds)
    for await (const { folder, first } of foldersBelow(objects, prefix, depth)) {
      if (isStopped()) return count;
      if (first.modified > before || !(await isLeft(folder))) continue;
      await objects.removeAll(folder);
      count++;
    }
  return count;
}

/** A folder of tiles that is no result of its job, and on which no further run can build. */
async function isLeftByJob(
  folder: string,
  jobId: string,
  { records, failedBefore }: OrphanOptions,
): Promise<boolean> {
  const job = await records.jobs.get(jobId);
  if (!job) return true;
  if (isActive(job) || job.result?.assets.some(({ key }) => key.startsWith(folder))) return false;
  if (job.status !== 'failed') return true;
  return failedBefore !== undefined && (job.completedAt ?? job.updatedAt) < failedBefore;
}

/** `mp/{slug}/uploads/tiles/{version}/{job}/`, `mp/{slug}/uploads/assets/{version}/{asset}/` */
async function isLeftInProject(folder: string, options: OrphanOptions): Promise<boolean> {
  const { projects } = options.records;
  const [, slug, uploads, kind, number, id] = folder.split('/');
  if (uploads !== 'uploads') return false;
  if (kind === 'assets') return !(await projects.asset(id));
  if (kind !== 'tiles' || !(await isLeftByJob(folder, id, options))) return false;
  const project = await projects.get(slug);
  const versions = project ? await projects.versions(project.id) : [];
  const version = versions.find((each) => String(each.version) === number);
  return version?.staged?.path !== folder && version?.published?.path !== folder;
}

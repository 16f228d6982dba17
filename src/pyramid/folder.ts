import { foldersBelow } from '../store/objects/folders';
import type { ObjectStore } from '../store/objects/types';

/** Where the pyramids that a job's process graph makes lie in the object store. */
export function pyramidFolder(jobId: string): string {
  return `pyramids/${jobId}/`;
}

/** The folders of a job's pyramids that none of these files belongs to. */
export async function outdatedPyramids(
  objects: Pick<ObjectStore, 'list'>,
  jobId: string,
  keys: Iterable<string>,
): Promise<readonly string[]> {
  const kept = new Set([...keys].map((key) => `${key.split('/').slice(0, 3).join('/')}/`));
  const outdated: string[] = [];
  for await (const { folder } of foldersBelow(objects, pyramidFolder(jobId), 3))
    if (!kept.has(folder)) outdated.push(folder);
  return outdated;
}

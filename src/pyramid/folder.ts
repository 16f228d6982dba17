import type { ObjectStore } from '../store/objects/types';

/** Where the pyramids that a job's process graph makes lie in the object store. */
export function pyramidFolder(jobId: string): string {
  return `pyramids/${jobId}/`;
}

/** The folders of a job's pyramids that none of these files belongs to. */
export async function outdatedPyramids(
  objects: Pick<ObjectStore, 'list'>,
  jobId: string,
  keys: ReadonlySet<string>,
): Promise<readonly string[]> {
  const kept = new Set([...keys].map(folderOf));
  const outdated: string[] = [];
  for (let after = ''; ; ) {
    const { items }: Awaited<ReturnType<ObjectStore['list']>> = await objects.list(pyramidFolder(jobId), {
      ...{ limit: 1, after },
    });
    if (items.length === 0) return outdated;
    const folder = folderOf(items[0].key);
    if (!kept.has(folder)) outdated.push(folder);
    // The character that follows the slash: behind all that lies in the folder.
    after = `${folder.slice(0, -1)}0`;
  }
}

function folderOf(key: string): string {
  return `${key.split('/').slice(0, 3).join('/')}/`;
}

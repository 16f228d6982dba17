import type { ObjectInfo, ObjectStore } from './types';

/** A folder and the first of what lies in it. */
export interface ObjectFolder {
  /** With a slash at the end. */
  readonly folder: string;
  readonly first: ObjectInfo;
}

/**
 * The folders below a prefix, in the order of their names; each costs one look, however much lies in it. Objects that
 * lie higher up are passed over.
 * @param depth slashes in the names of the folders that are meant: 3 for `pyramids/{job}/{pyramid}/`
 */
export async function* foldersBelow(
  objects: Pick<ObjectStore, 'list'>,
  prefix: string,
  depth: number,
): AsyncGenerator<ObjectFolder> {
  for (let after = ''; ; ) {
    const { items }: Awaited<ReturnType<ObjectStore['list']>> = await objects.list(prefix, {
      limit: 1,
      after,
    });
    if (items.length === 0) return;
    const [first] = items;
    const parts = first.key.split('/');
    after = first.key;
    if (parts.length <= depth) continue;
    const folder = parts.slice(0, depth).join('/');
    // The character that follows the slash: behind all that lies in the folder.
    after = `${folder}0`;
    yield { folder: `${folder}/`, first };
  }
}

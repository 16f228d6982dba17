import { execFile } from 'node:child_process';
import { constants, type Dirent, promises as fs } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { OpenEOError } from '../../base/errors';
import { fileErrorCode, isMissing, translateFileError } from './disk-errors';
import { compareKeys, reservedFolder } from './keys';

/**
 * Whether the folder of a path is really there, below the root, without a symbolic link on the way: such a link
 * could lead anywhere. @param root without links itself
 */
export async function hasPlainFolder(path: string): Promise<boolean> {
  const folder = dirname(path);
  try {
    return (await fs.realpath(folder)) === folder;
  } catch (error) {
    if (isMissing(error)) return false;
    throw translateFileError(error);
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return fs.lstat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/**
 * Makes the folder of a path, one level after the other, so that no link leads the making out of the root.
 * @throws OpenEOError `FilePathInvalid` where a file or a link is in the way
 */
export async function makeFolder(root: string, path: string): Promise<void> {
  if (await hasPlainFolder(path)) return;
  let folder = root;
  for (const segment of relative(root, dirname(path)).split(sep)) {
    folder = join(folder, segment);
    try {
      await fs.mkdir(folder);
    } catch (error) {
      if (fileErrorCode(error) !== 'EEXIST') throw error;
      const stats = await fs.lstat(folder);
      if (!stats.isDirectory())
        throw new OpenEOError(
          'FilePathInvalid',
          { reason: 'a part of it is not a folder.' },
          { cause: error },
        );
    }
  }
}

/** Makes the bytes of a file survive a crash of the machine; a file that was removed meanwhile needs nothing. */
export async function syncFile(path: string): Promise<void> {
  let file: fs.FileHandle | undefined;
  try {
    file = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    await file.sync();
  } catch (error) {
    if (!isMissing(error)) throw error;
  } finally {
    await file?.close();
  }
}

/** Makes what has happened to the names in a path's folder survive a crash of the machine. */
export async function syncFolder(path: string): Promise<void> {
  await syncFile(dirname(path));
}

/**
 * Makes everything on a folder's file system survive a crash of the machine, which takes a fraction of the time that
 * thousands of files take one by one. Linux tells of what could not be written; elsewhere `sync` does not even wait.
 * @returns false where that cannot be done
 */
export async function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return promisify(execFile)('sync', ['-f', folder]).then(
    () => true,
    () => false,
  );
}

/** Removes the folders above a path that have become empty, up to the root. */
export async function pruneFolders(root: string, path: string): Promise<void> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
    try {
      await fs.rmdir(folder);
    } catch (error) {
      // Not empty: somebody else uses it. Gone: somebody else was faster, and goes on above.
      if (fileErrorCode(error) !== 'ENOENT') return;
    }
  }
}

async function readFolder(path: string): Promise<Dirent[]> {
  try {
    return await fs.readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw translateFileError(error);
  }
}

/**
 * The keys below a folder after a key, in lexical order, in runs of files of the same folder; whole folders before the
 * key are not even read.
 */
export async function* walk(
  root: string,
  segments: readonly string[],
  after: string,
): AsyncGenerator<readonly string[]> {
  const entries = (await readFolder(join(root, ...segments)))
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .filter((entry) => segments.length > 0 || entry.name !== reservedFolder)
    // With its slash a folder's name sorts as the keys in it do.
    .map((entry) => ({ entry, name: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .sort((a, b) => compareKeys(a.name, b.name));
  let files: string[] = [];
  for (const { entry, name } of entries) {
    const key = [...segments, name].join('/');
    if (entry.isFile()) {
      if (compareKeys(key, after) > 0) files.push(key);
    } else if (after.startsWith(key) || compareKeys(key, after) > 0) {
      if (files.length > 0) yield files;
      files = [];
      yield* walk(root, [...segments, entry.name], after);
    }
  }
  if (files.length > 0) yield files;
}

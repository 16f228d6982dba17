import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OpenEOError } from '../base/errors';
import { translateFileError } from '../store/objects/disk-errors';
import type { ObjectStore } from '../store/objects/types';

const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** A new folder for the scratch files of one generation; the caller removes it. Ones that a crash left go first. */
export async function makeScratch(root: string): Promise<string> {
  try {
    await mkdir(root, { recursive: true });
    for (const name of await readdir(root)) {
      const path = join(root, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats && Date.now() - stats.mtimeMs > abandonedAfterMs)
        await rm(path, { recursive: true, force: true });
    }
    return await mkdtemp(join(root, 'tiles-'));
  } catch (error) {
    throw translateFileError(error);
  }
}

/**
 * Brings an object to a local file, by streaming.
 * @throws OpenEOError `AssetInvalid` where it is gone; `StorageFailure`, `StorageUnavailable`; the signal's reason
 */
export async function download(
  objects: ObjectStore,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await objects.get(key);
  if (!found) throw new OpenEOError('AssetInvalid', { reason: 'its file is gone; upload it again.' });
  try {
    await pipeline(found.body, createWriteStream(path), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw translateFileError(error);
  }
}

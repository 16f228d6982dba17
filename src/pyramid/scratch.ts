import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OpenEOError } from '../base/errors';
import { translateFileError } from '../store/objects/disk-errors';

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
 * Brings bytes to a local file, by streaming.
 * @param open undefined: they are gone
 * @throws OpenEOError `AssetInvalid` where they are gone; `StorageFailure`, `StorageUnavailable`; the signal's reason
 */
export async function download(
  open: () => Promise<Readable | undefined>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const body = await open();
  if (!body) throw new OpenEOError('AssetInvalid', { reason: 'its file is gone; upload it again.' });
  try {
    await pipeline(body, createWriteStream(path), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw translateFileError(error);
  }
}

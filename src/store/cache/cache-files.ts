import { randomBytes, randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CacheWrite } from '../../tiles/client/types';
import { imageExtensions } from '../../tiles/write-rules';
import { fileErrorCode, isMissing, translateFileError } from '../objects/disk-errors';

const tilesFolder = 'tiles';
const incomingFolder = 'incoming';

async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The files of a cache. None is overwritten: a row describes its bytes. */
export class CacheFiles {
  constructor(readonly folder: string) {}

  path(filePath: string): string {
    return join(this.folder, filePath);
  }

  /**
   * Writes a temporary file, waits until the disk has it, and gives it its name.
   * @returns its path in the cache
   * @throws OpenEOError `StorageFailure`, with nothing left behind
   */
  async create(
    { source, flightId, tile }: Pick<CacheWrite, 'source' | 'flightId' | 'tile'>,
    imageType: string,
    bytes: Uint8Array,
  ): Promise<string> {
    const top = source === 'onboard_ingest' ? `onboard/${flightId ?? 'none'}` : 'server';
    const name = `${tilesFolder}/${top}/${tile.z}/${tile.x}/${tile.y}`;
    const extension = imageExtensions.get(imageType) ?? imageType;
    const incoming = join(this.folder, incomingFolder, randomUUID());
    try {
      await fs.mkdir(dirname(incoming), { recursive: true });
      await this.#write(incoming, bytes);
      for (
        let path = `${name}.${extension}`;
        ;
        path = `${name}.${randomBytes(5).toString('hex')}.${extension}`
      )
        if (await this.#publish(incoming, path)) return path;
    } catch (error) {
      throw translateFileError(error);
    } finally {
      await fs.rm(incoming, { force: true });
    }
  }

  async remove(filePath: string): Promise<void> {
    await fs.rm(this.path(filePath), { force: true }).catch((error) => {
      throw translateFileError(error);
    });
  }

  /** Undefined where it is gone. */
  async read(filePath: string): Promise<Buffer | undefined> {
    return fs.readFile(this.path(filePath)).catch((error) => {
      if (isMissing(error)) return undefined;
      throw translateFileError(error);
    });
  }

  /** Removes what is no file of a row: the remains of writes that were cut off. Nobody may be writing meanwhile. */
  async removeStrays(known: ReadonlySet<string>): Promise<number> {
    await fs.rm(join(this.folder, incomingFolder), { recursive: true, force: true });
    let removed = 0;
    const entries = await fs
      .readdir(join(this.folder, tilesFolder), { recursive: true, withFileTypes: true })
      .catch((error) => {
        if (isMissing(error)) return [];
        throw translateFileError(error);
      });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name).slice(this.folder.length + 1);
      if (known.has(path)) continue;
      await this.remove(path);
      removed++;
    }
    return removed;
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const file = await fs.open(path, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Resolves to false where the name is taken. */
  async #publish(incoming: string, path: string): Promise<boolean> {
    const target = this.path(path);
    await fs.mkdir(dirname(target), { recursive: true });
    try {
      await fs.link(incoming, target);
    } catch (error) {
      if (fileErrorCode(error) === 'EEXIST') return false;
      throw error;
    }
    await syncFolder(target);
    return true;
  }
}

import { posix } from 'node:path';
import type { ObjectStore } from '../store/objects/types';
import { TileFiles } from './files';

/** The files of an earlier system: rows name them by absolute paths, or by ones relative to its folder. */
export class EarlierFiles {
  readonly #files: TileFiles;

  /** @param folder absolute; what the object store keeps its objects in */
  constructor(
    objects: ObjectStore,
    readonly folder: string,
  ) {
    this.#files = new TileFiles(objects, '');
  }

  /** Undefined where there is no such file in the folder. */
  async read(path: string): Promise<Buffer | undefined> {
    return this.#files.read(this.#inside(path));
  }

  async remove(path: string): Promise<boolean> {
    return this.#files.remove(this.#inside(path));
  }

  /** What leads out of the folder is no key that the object store takes. */
  #inside(path: string): string {
    return posix.isAbsolute(path) ? posix.relative(this.folder, path) : posix.normalize(path);
  }
}

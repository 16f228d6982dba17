import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { OpenEOError } from '../base/errors';
import type { ObjectInfo, ObjectStore } from '../store/objects/types';
import type { TileWrite } from './types';
import { imageExtensions } from './write-rules';

/** Everything of the catalogue lives below this folder of the object store; `file_path` is relative to it. */
const catalogueRoot = 'tiles';

export function flightFolder(flightId: string): string {
  return `uav/${flightId}`;
}

/** Where a tile's file lies unless that name is taken. It tells people; programs go by `file_path`. */
export function usualPath({
  tile,
  source,
  flightId,
  imageType,
}: Pick<TileWrite, 'tile' | 'source' | 'flightId' | 'imageType'>): {
  folder: string;
  name: string;
  extension: string;
} {
  const top = source === 'uav' ? flightFolder(flightId ?? 'none') : source;
  return {
    folder: `${top}/${tile.z}/${tile.x}`,
    name: String(tile.y),
    extension: imageExtensions.get(imageType) ?? imageType,
  };
}

export interface StoredFile {
  readonly path: string;
  readonly size: number;
}

/** The files of tiles. None is ever overwritten: a row may point to it. */
export class TileFiles {
  /** @param root the folder that paths are relative to; `` for all of the store */
  constructor(
    readonly objects: ObjectStore,
    readonly root = catalogueRoot,
  ) {}

  /**
   * Stores a file under a name that was free.
   * @param body opens the bytes; called again where a name is taken
   * @returns its `file_path`
   */
  async create(
    of: Parameters<typeof usualPath>[0],
    body: () => Readable | Uint8Array,
    signal?: AbortSignal,
  ): Promise<string> {
    const { folder, name, extension } = usualPath(of);
    const unique = () => {
      const revision = `${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
      return `${folder}/${name}.${revision}.${extension}`;
    };
    // Where another server could take the same name at the same moment, the name is one that nobody else takes.
    const first = (await this.objects.isExclusive()) ? `${folder}/${name}.${extension}` : unique();
    for (let path = first; ; path = unique())
      if (await this.objects.put(this.#key(path), body(), { condition: 'absent', signal })) return path;
  }

  /** Undefined where there is no such file, or could be none below the root. */
  async read(path: string): Promise<Buffer | undefined> {
    try {
      const found = await this.objects.get(this.#key(path));
      return found && (await buffer(found.body));
    } catch (error) {
      if (error instanceof OpenEOError && error.code === 'FilePathInvalid') return undefined;
      throw error;
    }
  }

  async remove(path: string): Promise<boolean> {
    try {
      return await this.objects.remove(this.#key(path));
    } catch (error) {
      if (error instanceof OpenEOError && error.code === 'FilePathInvalid') return false;
      throw error;
    }
  }

  /** Undefined as in {@link read}. */
  async info(path: string): Promise<ObjectInfo | undefined> {
    try {
      return await this.objects.head(this.#key(path));
    } catch (error) {
      if (error instanceof OpenEOError && error.code === 'FilePathInvalid') return undefined;
      throw error;
    }
  }

  /** Whether there is such a file. */
  async has(path: string): Promise<boolean> {
    return (await this.info(path)) !== undefined;
  }

  /** Files below a folder (`` for all) that are older than an instant, in pages. */
  async *olderThan(folder: string, instant: Date): AsyncGenerator<readonly StoredFile[]> {
    let after: string | undefined;
    do {
      const { items, next } = await this.objects.list(this.#key(folder), { limit: 1000, after });
      yield items
        .filter(({ modified }) => modified < instant)
        .map(({ key, size }) => ({ path: key.slice(this.#key('').length), size }));
      after = next;
    } while (after !== undefined);
  }
  #key(path: string): string {
    return this.root === '' ? path : `${this.root}/${path}`;
  }
}

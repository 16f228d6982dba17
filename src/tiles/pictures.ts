import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { TileFiles } from './files';
import { locationHash } from './identity';
import { maxInventoryEntries } from './inventory';
import type { CatalogueTile, TileCatalogue, TileFilter } from './types';

/** The picture of a cell, as readers of pixels take it. */
export interface TilePicture {
  /** Identifies its bytes. */
  readonly key: string;
  /** Undefined where there is none any more. @throws OpenEOError `TileRowInvalid` for a row without a file */
  bytes(): Promise<Uint8Array | undefined>;
}

/** Tiles that a filter leaves, for reading their pixels. */
export class TilePictures {
  constructor(
    readonly catalogue: Pick<TileCatalogue, 'byHashes'>,
    readonly files: Pick<TileFiles, 'read'>,
    /** Absent: all tiles. */
    readonly filter: TileFilter | undefined,
    readonly logger: Logger,
  ) {}

  /** The pictures of cells of one zoom level, in their order. */
  async find(
    z: number,
    cells: readonly { readonly x: number; readonly y: number }[],
  ): Promise<(TilePicture | undefined)[]> {
    const pictures: (TilePicture | undefined)[] = [];
    for (let from = 0; from < cells.length; from += maxInventoryEntries) {
      const hashes = cells
        .slice(from, from + maxInventoryEntries)
        .map(({ x, y }) => locationHash({ z, x, y }));
      const found = await this.catalogue.byHashes(hashes, this.filter);
      for (const hash of hashes) {
        const tile = found.get(hash);
        pictures.push(tile && this.#picture(tile));
      }
    }
    return pictures;
  }

  #picture(tile: CatalogueTile): TilePicture {
    return { key: `${tile.id} ${tile.updatedAt}`, bytes: () => this.#read(tile) };
  }

  /** A file that has gone was replaced: then the row is another one, whose file is read. */
  async #read(tile: CatalogueTile): Promise<Uint8Array | undefined> {
    let row: CatalogueTile | undefined = tile;
    while (row) {
      const bytes = await this.files.read(row.filePath);
      if (bytes) return bytes;
      const now: CatalogueTile | undefined = (
        await this.catalogue.byHashes([row.locationHash], this.filter)
      ).get(row.locationHash);
      if (now?.id === row.id && now.updatedAt === row.updatedAt && now.filePath === row.filePath) {
        this.logger.error('The file of a tile is missing', { tile: row.id, path: row.filePath });
        throw new OpenEOError('TileRowInvalid', { reason: `the file of the tile ${row.id} is missing.` });
      }
      row = now;
    }
    return undefined;
  }
}

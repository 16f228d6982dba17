import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import { imageryCollectionId } from './collection';
import type { TileFiles } from './files';
import { type InventoryAnswer, takeInventory, takeLargeInventory } from './inventory';
import { TilePictures } from './pictures';
import type { TileCatalogue, TileFilter, Written } from './types';
import { parseUploadEntry, type UploadedFile, uploadTile } from './upload';

export interface ImageryLimits {
  readonly uploadBytes: number;
  readonly uploadPixels: number;
  /** Cells that a process may ask for, or write, in one call. */
  readonly cells: number;
}

/** The tile catalogue with its files, as endpoints and processes use it: one set of rules for both. */
export class Imagery {
  constructor(
    readonly catalogue: TileCatalogue,
    readonly files: TileFiles,
    readonly limits: ImageryLimits,
  ) {}

  /** The id of the collection that it is for `load_collection`. */
  readonly collectionId = imageryCollectionId;

  /** For reading pixels of the tiles that a filter leaves. */
  pictures(filter: TileFilter | undefined, logger: Logger): TilePictures {
    return new TilePictures(this.catalogue, this.files, filter, logger);
  }

  /** What the endpoint answers. @throws OpenEOError `InventoryInvalid` */
  inventory(request: Readonly<Record<string, unknown>>): Promise<readonly InventoryAnswer[]> {
    return takeInventory(this.catalogue, request);
  }

  /** The same for more entries, with filters. @throws OpenEOError `InventoryInvalid` */
  largeInventory(
    request: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<readonly InventoryAnswer[]> {
    return takeLargeInventory(this.catalogue, request, this.limits.cells, signal);
  }

  /**
   * Puts a file into the catalogue.
   * @param entry what is said of it, as it came
   * @throws OpenEOError `TileInvalid`, `FileTypeInvalid`, `FileSizeExceeded`, `StorageFailure`, `StoreUnavailable`
   */
  async upload(
    entry: unknown,
    file: UploadedFile,
    { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
  ): Promise<Written> {
    const { uploadBytes, uploadPixels } = this.limits;
    const parsed = parseUploadEntry(entry);
    const size = file instanceof Uint8Array ? file.length : file.size;
    if (size > uploadBytes)
      throw new OpenEOError('FileSizeExceeded', { size: `${uploadBytes} bytes` }, { status: 413 });
    const { catalogue, files } = this;
    return await uploadTile({ catalogue, files, maxPixels: uploadPixels, logger }, parsed, file, signal);
  }

  /** Who may change the catalogue. @throws OpenEOError `AuthenticationRequired`, `PermissionsInsufficient` */
  requireWriter(user: { readonly roles: readonly string[] } | undefined): void {
    if (!user) throw new OpenEOError('AuthenticationRequired');
    if (!user.roles.includes('uploader') && !user.roles.includes('admin'))
      throw new OpenEOError('PermissionsInsufficient', { reason: 'this needs the role "uploader"' });
  }

  /** Before there is a file. @throws OpenEOError `TileInvalid` */
  checkEntry(entry: unknown): void {
    parseUploadEntry(entry);
  }
}

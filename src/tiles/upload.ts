import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { TileAddress } from '../geo/types';
import type { TileFiles } from './files';
import { checkTile } from './identity';
import { inspectImage } from './inspect-image';
import { type Microseconds, parseInstant } from './instant';
import type { TileCatalogue, TileSource, Written } from './types';
import { checkOrigin } from './write-rules';

/** What a client says of a file that it uploads, checked. */
export interface UploadEntry {
  readonly tile: TileAddress;
  readonly source: TileSource;
  readonly flightId?: string;
  readonly capturedAt: Microseconds;
  /** Hexadecimal; what the client believes the digest to be. */
  readonly sha256?: string;
}

/** @throws OpenEOError `TileInvalid` */
export function parseUploadEntry(value: unknown): UploadEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OpenEOError('TileInvalid', { reason: 'its metadata must be an object.' });
  const { z, x, y, source, captured_at, flight_id, sha256 } = value as Record<string, unknown>;
  const tile = { z, x, y } as TileAddress;
  checkTile(tile);
  const origin = checkOrigin(source, flight_id);
  if (captured_at === undefined) throw new OpenEOError('TileInvalid', { reason: 'captured_at is missing.' });
  const capturedAt = parseInstant(captured_at);
  if (sha256 === undefined || sha256 === null) return { tile, ...origin, capturedAt };
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256))
    throw new OpenEOError('TileInvalid', { reason: 'sha256 must be 64 hexadecimal digits.' });
  return { tile, ...origin, capturedAt, sha256: sha256.toLowerCase() };
}

/** A file on this machine's disk and how much of it there is, or its bytes. */
export type UploadedFile = { readonly path: string; readonly size: number } | Uint8Array;

export interface UploadParts {
  readonly catalogue: TileCatalogue;
  readonly files: TileFiles;
  readonly maxPixels: number;
  readonly logger: Logger;
}

async function digest(file: UploadedFile): Promise<string> {
  const hash = createHash('sha256');
  if (file instanceof Uint8Array) hash.update(file);
  else await pipeline(createReadStream(file.path), hash);
  return hash.digest('hex');
}

/**
 * Puts one tile into the catalogue: checks, then the file, then the row, then the removal of a replaced file. A
 * crash between them leaves a file without a row at worst.
 * @throws OpenEOError `TileInvalid`, `FileTypeInvalid`, `FileSizeExceeded`, `StorageFailure`, `StoreUnavailable`
 */
export async function uploadTile(
  { catalogue, files, maxPixels, logger }: UploadParts,
  entry: UploadEntry,
  file: UploadedFile,
  signal?: AbortSignal,
): Promise<Written> {
  const isBytes = file instanceof Uint8Array;
  const { type, sizePx } = await inspectImage(isBytes ? file : file.path, maxPixels);
  const contentSha256 = await digest(file);
  if (entry.sha256 !== undefined && entry.sha256 !== contentSha256)
    throw new OpenEOError('TileInvalid', { reason: 'its bytes do not have the digest sha256.' });
  const described = {
    ...{ tile: entry.tile, source: entry.source, flightId: entry.flightId, capturedAt: entry.capturedAt },
    ...{ imageType: type, sizePixels: sizePx, byteCount: isBytes ? file.length : file.size, contentSha256 },
  };
  const body = () => (isBytes ? file : createReadStream(file.path));
  const filePath = await files.create(described, body, signal);
  let written: Written;
  try {
    written = await catalogue.write({ ...described, filePath });
  } catch (error) {
    // A connection that broke may have taken the news of a commit with it: the row may be there.
    if (!(error instanceof OpenEOError && error.code === 'StoreUnavailable'))
      await files.remove(filePath).catch(() => {});
    throw error;
  }
  // The row may have had this very file already, where an interrupted move of files has found it.
  if (written.replacedPath !== undefined && written.replacedPath !== filePath)
    await files
      .remove(written.replacedPath)
      .catch((error) =>
        logger.warning('The file of a replaced tile was not removed', { path: written.replacedPath, error }),
      );
  return written;
}

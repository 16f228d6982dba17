import { OpenEOError } from '../../base/errors';
import { fileErrorCode } from '../../store/objects/disk-errors';
import type { ImageShape } from './halve';

/** Decodes an image to a path that ends in `.v`, from the top down. */
export type Decode = (target: string) => Promise<unknown>;

/** Bytes of the header of libvips' own files, which hold plain pixels after it. */
export const headerBytes = 64;

export interface PlainShape extends ImageShape {
  readonly channels: 3 | 4;
}

/** @throws OpenEOError `AssetInvalid` for pixels of another kind than three or four channels of 8 bits */
export function readHeader(header: Buffer): PlainShape {
  const [widthPx, heightPx, channels, , sample] = [4, 8, 12, 16, 20].map((at) => header.readInt32LE(at));
  if ((channels !== 3 && channels !== 4) || sample !== 0)
    throw invalidPicture(`it has ${channels} channels; three or four of 8 bits are accepted.`);
  return { widthPx, heightPx, channels };
}

export function invalidPicture(reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('AssetInvalid', { reason }, { cause });
}

/** What a decoder's error means: no room, or a broken picture. */
export function translateDecoding(error: unknown): OpenEOError {
  const code = fileErrorCode(error);
  if (code !== '' || /no space|disc full|write error|unable to write/i.test((error as Error).message))
    return new OpenEOError('StorageFailure', {}, { cause: error });
  return invalidPicture('its pixels cannot be decoded.', error);
}

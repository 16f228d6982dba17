import { OpenEOError } from '../base/errors';
import { checkTile, tileSizeMeters } from './identity';
import type { TileSource, TileWrite } from './types';

export const tileSources: ReadonlySet<string> = new Set<TileSource>(['google_maps', 'uav']);
/** What may be stored, by the name in `image_type`; the values are the extensions of files. */
export const imageExtensions: ReadonlyMap<string, string> = new Map([
  ['jpeg', 'jpg'],
  ['png', 'png'],
  ['webp', 'webp'],
]);

const uuidShape = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const digestShape = /^[0-9a-f]{64}$/;

function refuse(reason: string): never {
  throw new OpenEOError('TileInvalid', { reason });
}

/** A UUID in its lowercase form; undefined for what is none. */
export function asUuid(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return uuidShape.test(text) ? text : undefined;
}

/**
 * Which source and flight a tile may be of: flights are what drones fly.
 * @returns both, the flight in lowercase
 * @throws OpenEOError `TileInvalid`
 */
export function checkOrigin(source: unknown, flight: unknown): { source: TileSource; flightId?: string } {
  if (source === undefined || source === null) refuse('source is missing.');
  if (typeof source !== 'string' || !tileSources.has(source))
    refuse(`source must be one of ${[...tileSources].join(', ')}.`);
  const hasFlight = flight !== undefined && flight !== null;
  if (source === 'google_maps') {
    if (hasFlight) refuse('a tile of google_maps has no flight_id.');
    return { source };
  }
  if (!hasFlight) refuse('a tile of uav needs a flight_id.');
  const flightId = asUuid(flight);
  if (flightId === undefined) refuse('flight_id must be a UUID.');
  return { source: 'uav', flightId };
}

/**
 * All rules for a write that need no look into the database.
 * @returns the write with its flight in lowercase
 * @throws OpenEOError `TileInvalid`
 */
export function checkWrite(write: TileWrite): TileWrite {
  const { tile, capturedAt, sizePixels, sizeMeters, contentSha256, byteCount, filePath, imageType } = write;
  checkTile(tile);
  const origin = checkOrigin(write.source, write.flightId);
  if (!Number.isSafeInteger(capturedAt) || capturedAt < 0) refuse('captured_at is missing or out of range.');
  if (!digestShape.test(contentSha256)) refuse('the SHA-256 digest must be 64 lowercase hexadecimal digits.');
  if (!Number.isSafeInteger(byteCount) || byteCount <= 0) refuse('the file is empty.');
  if (!Number.isSafeInteger(sizePixels) || sizePixels <= 0) refuse('the size in pixels must be positive.');
  if (filePath.length === 0 || filePath.length > 500) refuse('the path of the file is too long.');
  if (!imageExtensions.has(imageType)) refuse(`the image type ${imageType} is not accepted.`);
  const expected = tileSizeMeters(tile);
  if (sizeMeters !== undefined && !(Math.abs(sizeMeters - expected) <= expected / 100))
    refuse(`the tile is ${expected} m wide, not ${sizeMeters} m.`);
  return { ...write, ...origin };
}

import { OpenEOError } from '../../../base/errors';
import type { TileAddress } from '../../../geo/types';
import { checkTile } from '../../../tiles/identity';
import { formatInstant } from '../../../tiles/instant';
import type { CatalogueTile, TilePosition } from '../../../tiles/types';
import { asUuid } from '../../../tiles/write-rules';
import { queryValue } from '../../paging';
import type { ApiRequest } from '../../route';

/** @throws OpenEOError `TileInvalid` unless each is a plain decimal number of a tile that exists */
export function readAddress({ z, x, y }: Readonly<Record<string, string>>): TileAddress {
  const numbers = [z, x, y].map((text) => {
    if (!/^(?:0|[1-9]\d{0,9})$/.test(text))
      throw new OpenEOError('TileInvalid', { reason: `"${text}" is not a plain decimal number.` });
    return Number(text);
  });
  const tile = { z: numbers[0], x: numbers[1], y: numbers[2] };
  checkTile(tile);
  return tile;
}

/** @throws OpenEOError `TileInvalid` */
export function readNumber(request: ApiRequest, name: string): number {
  const text = queryValue(request, name);
  if (text === undefined || !/^-?\d+(?:\.\d+)?$/.test(text))
    throw new OpenEOError('TileInvalid', { reason: `${name} must be a number.` });
  return Number(text);
}

/** @throws OpenEOError `TileInvalid` */
export function readFlight(request: ApiRequest): string {
  const flightId = asUuid(request.params['flight_id']);
  if (flightId === undefined) throw new OpenEOError('TileInvalid', { reason: 'flight_id must be a UUID.' });
  return flightId;
}

/** What {@link writePosition} wrote. @throws OpenEOError `TileInvalid` */
export function readPosition(after: string | undefined): TilePosition | undefined {
  if (after === undefined) return undefined;
  const [, micros, id] = /^(\d{1,16})_(.+)$/.exec(after) ?? [];
  const uuid = asUuid(id);
  if (uuid === undefined || !Number.isSafeInteger(Number(micros)))
    throw new OpenEOError('TileInvalid', { reason: 'after must be taken from the page before.' });
  return { capturedAt: Number(micros), id: uuid };
}

export function writePosition({ capturedAt, id }: TilePosition): string {
  return `${capturedAt}_${id}`;
}

/** A tile in the spelling of the wire. */
export function describeTile(tile: CatalogueTile): Record<string, unknown> {
  return {
    ...tile.tile,
    id: tile.id,
    location_hash: tile.locationHash,
    captured_at: formatInstant(tile.capturedAt),
    source: tile.source,
    flight_id: tile.flightId ?? null,
    resolution_m_per_px: tile.sizeMeters / tile.sizePixels,
    estimated_bytes: tile.byteCount ?? null,
    content_sha256: tile.contentSha256 ?? null,
    updated_at: formatInstant(tile.updatedAt),
  };
}

import type { CachedSource, CachedTile, CacheWrite } from '../../tiles/client/types';
import { locationHash, tileCentre, tileSizeMeters } from '../../tiles/identity';
import type { Microseconds } from '../../tiles/instant';

export interface CacheRow {
  readonly id: string;
  readonly tile_zoom: number;
  readonly tile_x: number;
  readonly tile_y: number;
  readonly tile_size_meters: number;
  readonly tile_size_pixels: number;
  readonly image_type: string;
  readonly file_path: string;
  readonly source: string;
  readonly captured_at: number;
  readonly flight_id: string | null;
  readonly location_hash: string;
  readonly content_sha256: Buffer;
  readonly byte_count: number;
  readonly sector_class: string;
  readonly last_accessed_at: number;
  readonly voting_status: string | null;
  readonly etag: string | null;
  readonly is_downgraded: number;
}

export function readCached(row: CacheRow): CachedTile {
  return {
    id: row.id,
    tile: { z: row.tile_zoom, x: row.tile_x, y: row.tile_y },
    locationHash: row.location_hash,
    source: row.source as CachedSource,
    capturedAt: row.captured_at,
    sizeMeters: row.tile_size_meters,
    sizePixels: row.tile_size_pixels,
    imageType: row.image_type,
    filePath: row.file_path,
    contentSha256: row.content_sha256.toString('hex'),
    byteCount: row.byte_count,
    sectorClass: row.sector_class,
    lastAccessedAt: row.last_accessed_at,
    isDowngraded: row.is_downgraded === 1,
    ...(row.flight_id !== null && { flightId: row.flight_id }),
    ...(row.voting_status !== null && { votingStatus: row.voting_status }),
    ...(row.etag !== null && { etag: row.etag }),
  };
}

/** The values of a new row, in the order of the statement's columns. */
export function cacheValues(
  write: CacheWrite,
  file: { readonly path: string; readonly imageType: string; readonly digest: Buffer; readonly size: number },
  now: Microseconds,
): unknown[] {
  const { tile } = write;
  const { latitude, longitude } = tileCentre(tile);
  return [
    ...[write.id, tile.z, tile.x, tile.y, latitude, longitude, tileSizeMeters(tile), write.sizePixels],
    ...[file.imageType, file.path, now, now, write.source, write.capturedAt, write.flightId ?? null],
    ...[locationHash(tile), file.digest, file.size, write.sectorClass, now, write.votingStatus ?? null],
    ...[write.etag ?? null, write.isDowngraded ? 1 : 0],
  ];
}

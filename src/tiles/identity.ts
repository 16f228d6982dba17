import { OpenEOError } from '../base/errors';
import type { TileAddress } from '../geo/types';
import type { TileSource } from './types';
import { uuidV5 } from './uuid-v5';

/** Shared with other systems that name tiles; it never changes. */
export const tileNamespace = '5b8d0c2e-7f1a-4d3b-9c5e-1f3a8e7d2b6c';
/** Stands for "no flight" in the unique key. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';
export const maxTileZoom = 30;

const namespaceBytes = Buffer.from(tileNamespace.replaceAll('-', ''), 'hex');
/** Circumference of the sphere of Web Mercator in metres. */
const equatorMeters = 40075016.68557849;

/** The UUID of a name in the namespace of tiles; the database's `tile_uuid(name)` gives the same. */
export function tileUuid(name: string): string {
  return uuidV5(namespaceBytes, name);
}

function outside(name: string, { z }: TileAddress): OpenEOError {
  const reason = `${name} must be an integer from 0 to ${2 ** z - 1} at zoom ${z}.`;
  return new OpenEOError('TileInvalid', { reason });
}

/** @throws OpenEOError `TileInvalid` unless z is 0–30 and x and y are columns and rows of that zoom */
export function checkTile(tile: TileAddress): void {
  const { z, x, y } = tile;
  if (!Number.isInteger(z) || z < 0 || z > maxTileZoom)
    throw new OpenEOError('TileInvalid', { reason: `z must be an integer from 0 to ${maxTileZoom}.` });
  const span = 2 ** z;
  if (!Number.isInteger(x) || x < 0 || x >= span) throw outside('x', tile);
  if (!Number.isInteger(y) || y < 0 || y >= span) throw outside('y', tile);
}

/**
 * What tiles of one cell have in common, whatever their source.
 * @throws OpenEOError `TileInvalid`
 */
export function locationHash(tile: TileAddress): string {
  checkTile(tile);
  return tileUuid(`${tile.z}/${tile.x}/${tile.y}`);
}

/**
 * The id of the tile that a source, and a flight, has of a cell.
 * @param flightId lowercase with hyphens
 * @throws OpenEOError `TileInvalid`
 */
export function tileId(tile: TileAddress, source: TileSource, flightId: string | undefined): string {
  checkTile(tile);
  return tileUuid(`${tile.z}/${tile.x}/${tile.y}/${source}/${flightId ?? 'none'}`);
}

/** Northing of a cell's centre on the sphere of radius 1. */
function centreNorthing({ z, y }: TileAddress): number {
  return Math.PI * (1 - (2 * y + 1) / 2 ** z);
}

/** Degrees. */
export function tileCentre(tile: TileAddress): { readonly latitude: number; readonly longitude: number } {
  return {
    latitude: (Math.atan(Math.sinh(centreNorthing(tile))) * 180) / Math.PI,
    longitude: ((2 * tile.x + 1) / 2 ** tile.z - 1) * 180,
  };
}

/**
 * The width of a cell on the ground at its centre, in metres with three decimals. A pure function of the cell,
 * because it is part of the unique key. (The cosine of the latitude is 1 / cosh of the northing.)
 */
export function tileSizeMeters(tile: TileAddress): number {
  return Math.round((equatorMeters / 2 ** tile.z / Math.cosh(centreNorthing(tile))) * 1000) / 1000;
}

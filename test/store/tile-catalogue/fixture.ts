import type { TileAddress } from '../../../src/geo/types';
import { locationHash, tileId, tileSizeMeters } from '../../../src/tiles/identity';
import { formatInstant, parseInstant } from '../../../src/tiles/instant';
import type { TileCatalogue, TileWrite } from '../../../src/tiles/types';
import type { Dialect, TestTileStore } from '../../support/tile-stores';

export const flightA = '00000000-0000-4000-8000-00000000000a';
export const flightB = '00000000-0000-4000-8000-00000000000b';
export const t1 = parseInstant('2024-01-01T00:00:00.000001Z');
export const t2 = parseInstant('2024-02-01T00:00:00.123456Z');
export const cell: TileAddress = { z: 18, x: 154321, y: 95812 };

let files = 0;

export function write(changes: Partial<TileWrite> = {}): TileWrite {
  return {
    tile: cell,
    source: 'google_maps',
    capturedAt: t1,
    filePath: `tiles/${files++}.jpg`,
    imageType: 'jpeg',
    sizePixels: 256,
    contentSha256: 'ab'.repeat(32),
    byteCount: 1234,
    ...changes,
  };
}

export interface RawRow {
  readonly tile?: TileAddress;
  readonly id?: string;
  readonly source?: string;
  readonly flight?: string;
  readonly capturedAt?: number;
  readonly updatedAt?: number;
  readonly path?: string;
}

/** Writes a row by SQL alone, as another program would, and as no writer of ours may. */
export async function insertRaw({ sql, rows }: TestTileStore, row: RawRow): Promise<void> {
  const tile = row.tile ?? cell;
  const isPostgres = sql.dialect === 'postgres';
  const instant = (micros: number) => (isPostgres ? `'${formatInstant(micros)}'` : String(micros));
  const source = row.source ?? 'uav';
  const id = row.id ?? tileId(tile, source as 'uav', row.flight);
  const flight = row.flight === undefined ? 'null' : `'${row.flight}'`;
  const captured = row.capturedAt ?? t1;
  await rows(`insert into tiles (id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters,
      tile_size_pixels, image_type, file_path, source, flight_id, captured_at, updated_at, location_hash)
    values ('${id}', ${tile.z}, ${tile.x}, ${tile.y}, 0, 0, ${tileSizeMeters(tile)}, 256, 'jpg',
      '${row.path ?? 'raw.jpg'}', '${source}', ${flight}, ${instant(captured)},
      ${instant(row.updatedAt ?? captured)}, '${locationHash(tile)}') returning id`);
}

export const around = ({ z, x, y }: TileAddress) => ({
  zoom: z,
  columns: [[x, x] as const],
  rows: [y, y] as const,
});

/** What the tests of a tile catalogue share. */
export interface CatalogueFixture {
  readonly dialect: Dialect;
  readonly tiles: TestTileStore;
  catalogue(): TileCatalogue;
  /** How many rows there are. */
  count(): Promise<number>;
}

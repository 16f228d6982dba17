import { OpenEOError } from '../../base/errors';
import { locationHash, tileCentre, tileId, tileSizeMeters } from '../../tiles/identity';
import type {
  CatalogueExtent,
  CatalogueTile,
  RowFile,
  TileFile,
  TileSource,
  TileSummary,
  TileWrite,
} from '../../tiles/types';
import { checkWrite, tileSources } from '../../tiles/write-rules';

/** A row as both dialects select it. PostgreSQL sends 64-bit integers as text. */
export interface TileRow {
  readonly id: string;
  readonly tile_zoom: number;
  readonly tile_x: number;
  readonly tile_y: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly tile_size_meters: number;
  readonly tile_size_pixels: number;
  readonly image_type: string;
  readonly file_path: string;
  readonly source: string;
  readonly flight_id: string | null;
  readonly location_hash: string;
  readonly content_sha256: Buffer | null;
  readonly byte_count: number | string | null;
  readonly legacy_id: string | null;
  readonly captured_micros: number | string | null;
  readonly created_micros: number | string;
  readonly updated_micros: number | string;
}

export interface FileRow {
  readonly id: string;
  readonly file_path: string;
  readonly source: string;
  readonly updated_micros: number | string;
}

/** The columns that both dialects select as they are, of the table `t`. */
export const plainColumns = [
  'id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters, tile_size_pixels, image_type',
  'file_path, source, flight_id, location_hash, content_sha256, byte_count, legacy_id',
]
  .join(', ')
  .split(', ')
  .map((column) => `t.${column}`)
  .join(', ');

/** What inventories tell of a tile, of the table `t`, but the instant. */
export const summaryColumns =
  't.id, t.location_hash, t.source, t.flight_id, t.tile_size_meters, t.tile_size_pixels, t.byte_count';

/** A row of {@link summaryColumns} with the instant of capture. */
export type SummaryRow = Pick<
  TileRow,
  | 'id'
  | 'location_hash'
  | 'source'
  | 'flight_id'
  | 'tile_size_meters'
  | 'tile_size_pixels'
  | 'byte_count'
  | 'captured_micros'
>;

/** Of several tiles of a cell the first one in this order is the one to show. */
export const newestFirst = 't.captured_at desc, t.updated_at desc, t.id desc';

function checkSource(id: string, source: string): TileSource {
  if (!tileSources.has(source))
    throw new OpenEOError('TileRowInvalid', { reason: `the tile ${id} has the unknown source "${source}".` });
  return source as TileSource;
}

function checkOrigin({ id, source, flight_id }: Pick<TileRow, 'id' | 'source' | 'flight_id'>): TileSource {
  const checked = checkSource(id, source);
  if (checked === 'google_maps' && flight_id !== null)
    throw new OpenEOError('TileRowInvalid', { reason: `the tile ${id} of google_maps has a flight.` });
  return checked;
}

/** @throws OpenEOError `TileRowInvalid` */
export function readSummary(row: SummaryRow): TileSummary {
  return {
    id: row.id,
    locationHash: row.location_hash,
    source: checkOrigin(row),
    capturedAt: Number(row.captured_micros),
    sizeMeters: row.tile_size_meters,
    sizePixels: row.tile_size_pixels,
    byteCount: row.byte_count === null ? undefined : Number(row.byte_count),
  };
}

/** @throws OpenEOError `TileRowInvalid` */
export function readTile(row: TileRow): CatalogueTile {
  const source = checkOrigin(row);
  return {
    id: row.id,
    tile: { z: row.tile_zoom, x: row.tile_x, y: row.tile_y },
    locationHash: row.location_hash,
    latitude: row.latitude,
    longitude: row.longitude,
    sizeMeters: row.tile_size_meters,
    sizePixels: row.tile_size_pixels,
    imageType: row.image_type,
    filePath: row.file_path,
    source,
    capturedAt: Number(row.captured_micros),
    createdAt: Number(row.created_micros),
    updatedAt: Number(row.updated_micros),
    ...(row.flight_id !== null && { flightId: row.flight_id }),
    ...(row.content_sha256 !== null && { contentSha256: row.content_sha256.toString('hex') }),
    ...(row.byte_count !== null && { byteCount: Number(row.byte_count) }),
    ...(row.legacy_id !== null && { legacyId: row.legacy_id }),
  };
}

/** @throws OpenEOError `TileRowInvalid` */
export function readFile(row: FileRow): TileFile {
  const source = checkSource(row.id, row.source);
  return { id: row.id, filePath: row.file_path, source, updatedAt: Number(row.updated_micros) };
}

/** The columns of {@link readRowFile}. */
export const rowFileColumns =
  'id, tile_zoom, tile_x, tile_y, source, flight_id, image_type, file_path, content_sha256, byte_count';

export function readRowFile(
  row: Pick<
    TileRow,
    | 'id'
    | 'tile_zoom'
    | 'tile_x'
    | 'tile_y'
    | 'source'
    | 'flight_id'
    | 'image_type'
    | 'file_path'
    | 'content_sha256'
    | 'byte_count'
  >,
): RowFile {
  return {
    id: row.id,
    tile: { z: row.tile_zoom, x: row.tile_x, y: row.tile_y },
    source: row.source,
    imageType: row.image_type,
    filePath: row.file_path,
    ...(row.flight_id !== null && { flightId: row.flight_id }),
    ...(row.content_sha256 !== null && { contentSha256: row.content_sha256.toString('hex') }),
    ...(row.byte_count !== null && { byteCount: Number(row.byte_count) }),
  };
}

/** A write in the columns of {@link writeColumns}, but the instants, which each dialect encodes in its own way. */
export function writeValues(write: TileWrite): {
  readonly id: string;
  readonly hash: string;
  readonly write: TileWrite;
  readonly values: readonly unknown[];
} {
  const checked = checkWrite(write);
  const { tile, source, flightId } = checked;
  const id = tileId(tile, source, flightId);
  const hash = locationHash(tile);
  const { latitude, longitude } = tileCentre(tile);
  const values = [
    ...[id, tile.z, tile.x, tile.y, latitude, longitude, tileSizeMeters(tile), checked.sizePixels],
    ...[checked.imageType, checked.filePath, source, flightId ?? null, hash],
    ...[Buffer.from(checked.contentSha256, 'hex'), checked.byteCount],
  ];
  return { id, hash, write: checked, values };
}

export const writeColumns = [
  'id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters, tile_size_pixels',
  'image_type, file_path, source, flight_id, location_hash, content_sha256, byte_count',
].join(', ');

/** What a second write to the same cell, source and flight changes, beside `updated_at`. */
export const replacedColumns = [
  'file_path, latitude, longitude, captured_at, content_sha256',
  'image_type, tile_size_pixels, byte_count',
]
  .join(', ')
  .split(', ')
  .map((column) => `${column} = excluded.${column}`)
  .join(', ');

/** A row of the sums over `tile_extents`. */
export interface ExtentRow {
  readonly tile_zoom: number;
  readonly changes: number | string;
  readonly row_count: number | string;
  readonly min_x: number;
  readonly max_x: number;
  readonly min_y: number;
  readonly max_y: number;
  readonly min_micros: number | string;
  readonly max_micros: number | string;
  readonly max_pixels: number;
}

export function readExtent(rows: readonly ExtentRow[]): CatalogueExtent {
  return {
    version: rows.reduce((sum, { changes }) => sum + BigInt(changes), 0n).toString(36),
    zooms: rows
      .filter(({ row_count }) => Number(row_count) > 0)
      .map((row) => ({
        zoom: row.tile_zoom,
        rowCount: Number(row.row_count),
        columns: [row.min_x, row.max_x],
        rows: [row.min_y, row.max_y],
        captured: [Number(row.min_micros), Number(row.max_micros)],
        sizePixels: row.max_pixels,
      })),
  };
}

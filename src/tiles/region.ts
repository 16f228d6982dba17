import { OpenEOError } from '../base/errors';
import { maxTileZoom } from './identity';
import type { CellRange, CellWindow } from './types';

/** Metres per degree on the sphere of Web Mercator. */
const metersPerDegree = 40075016.68557849 / 360;
/** The latitude at a place between the northern (0) and the southern (1) edge of Web Mercator. */
export function mercatorLatitude(place: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * place))) * 180) / Math.PI;
}

/** Where the square of Web Mercator ends. */
export const maxLatitude = mercatorLatitude(0);
export const maxRegionCells = 5000;

export interface Region {
  /** The centre, degrees. */
  readonly latitude: number;
  readonly longitude: number;
  /** Side of the square in metres. */
  readonly sizeMeters: number;
  readonly zoom: number;
}

function refuse(reason: string): never {
  throw new OpenEOError('TileInvalid', { reason });
}

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value));

function rowAt(latitude: number, count: number): number {
  const radians = (clamp(latitude, -maxLatitude, maxLatitude) * Math.PI) / 180;
  return clamp(Math.floor((0.5 - Math.asinh(Math.tan(radians)) / (2 * Math.PI)) * count), 0, count - 1);
}

/**
 * The cells that touch a square around a point. Across the antimeridian there are two ranges of columns.
 * @throws OpenEOError `TileInvalid` for values out of range, or more than {@link maxRegionCells} cells
 */
export function cellsAround({ latitude, longitude, sizeMeters, zoom }: Region): CellWindow {
  if (!(Math.abs(latitude) <= 90)) refuse('lat must be from -90 to 90.');
  if (!(Math.abs(longitude) <= 180)) refuse('lon must be from -180 to 180.');
  if (!(sizeMeters >= 0 && Number.isFinite(sizeMeters))) refuse('size must be a number of metres.');
  if (!Number.isInteger(zoom) || zoom < 0 || zoom > maxTileZoom)
    refuse(`zoom must be an integer from 0 to ${maxTileZoom}.`);
  const count = 2 ** zoom;
  const reach = sizeMeters / 2 / metersPerDegree;
  const rows: CellRange = [rowAt(latitude + reach, count), rowAt(latitude - reach, count)];
  const width = reach / Math.cos((clamp(latitude, -maxLatitude, maxLatitude) * Math.PI) / 180);
  const first = Math.floor(((longitude - width + 180) / 360) * count);
  const last = Math.floor(((longitude + width + 180) / 360) * count);
  const columns = columnRanges(first, last, count);
  const cells = (rows[1] - rows[0] + 1) * columns.reduce((sum, [start, end]) => sum + end - start + 1, 0);
  if (cells > maxRegionCells)
    refuse(`the region has ${cells} cells at zoom ${zoom}; at most ${maxRegionCells} are accepted.`);
  return { zoom, columns, rows };
}

/** Columns from first to last, which may lie beyond the map on either side. */
function columnRanges(first: number, last: number, count: number): readonly CellRange[] {
  if (last - first + 1 >= count) return [[0, count - 1]];
  const start = ((first % count) + count) % count;
  const end = ((last % count) + count) % count;
  return start <= end
    ? [[start, end]]
    : [
        [start, count - 1],
        [0, end],
      ];
}

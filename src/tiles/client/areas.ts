import { type BoxCells, cellsOfWindow, countCells, windowOfBox } from '../../geo/box-cells';
import { tileMatrixSet } from '../../geo/tile-matrix-set';
import type { Bounds, TileAddress } from '../../geo/types';
import { maxTileZoom } from '../identity';

/** What is to be pulled, as it was named: the message says what is wrong with it. */
export class AreaError extends Error {
  override readonly name = 'AreaError';
}

/** Degrees. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Area {
  readonly boxes: readonly Bounds[];
  /** Of these the cells around them are wanted, too: what is seen from there. */
  readonly places: readonly Place[];
}

/** @throws AreaError for what is no place on Earth */
export function checkPlace({ latitude, longitude }: Place, name: string): void {
  if (!(Math.abs(latitude) <= 90)) throw new AreaError(`The latitude of ${name} must be from -90 to 90.`);
  if (!(Math.abs(longitude) <= 180))
    throw new AreaError(`The longitude of ${name} must be from -180 to 180.`);
}

/** Reads `west,south,east,north` in degrees; west beyond east crosses the antimeridian. @throws AreaError */
export function parseBox(text: string): Bounds {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [west, south, east, north] = parts;
  if (parts.length !== 4 || parts.some((part) => !Number.isFinite(part)))
    throw new AreaError(`"${text}" is not a rectangle: west,south,east,north in degrees.`);
  checkPlace({ latitude: south, longitude: west }, 'the south-western corner');
  checkPlace({ latitude: north, longitude: east }, 'the north-eastern corner');
  if (south > north) throw new AreaError(`"${text}" has its south beyond its north.`);
  return { west, south, east, north };
}

/** Reads `14-16,18`. @returns zoom levels in ascending order, each once @throws AreaError */
export function parseZooms(text: string): readonly number[] {
  const zooms = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(first) > Number(last) || Number(last) > maxTileZoom)
      throw new AreaError(`"${text}" is no list of zoom levels from 0 to ${maxTileZoom}, such as 14-16,18.`);
    for (let zoom = Number(first); zoom <= Number(last); zoom++) zooms.add(zoom);
  }
  return [...zooms].sort((a, b) => a - b);
}

/** Zooms as one range, and a rectangle if there is one: which tiles of a service are meant. @throws AreaError */
export function parseSeedArea(zooms: string, bbox: string | undefined) {
  const levels = parseZooms(zooms);
  const [minzoom, maxzoom] = [levels[0], levels[levels.length - 1]];
  if (levels.length !== maxzoom - minzoom + 1)
    throw new AreaError(`"${zooms}" is not one range of zoom levels, such as 8-14.`);
  const box = bbox === undefined ? undefined : parseBox(bbox);
  return { minzoom, maxzoom, ...(box && { bbox: [box.west, box.south, box.east, box.north] as const }) };
}

/** The 3 × 3 cells around a place. */
function windowAround({ latitude, longitude }: Place, zoom: number): BoxCells {
  const { x, y } = tileMatrixSet('WebMercatorQuad')!.tileAt(longitude, latitude, zoom);
  const count = 2 ** zoom;
  const rows = [Math.max(0, y - 1), Math.min(count - 1, y + 1)] as const;
  if (count <= 3) return { zoom, columns: [[0, count - 1]], rows };
  if (x === 0 || x === count - 1)
    return {
      ...{ zoom, rows },
      columns:
        x === 0
          ? [
              [0, 1],
              [count - 1, count - 1],
            ]
          : [
              [0, 0],
              [x - 1, x],
            ],
    };
  return { zoom, columns: [[x - 1, x + 1]], rows };
}

function windowsOf({ boxes, places }: Area, zooms: readonly number[]): readonly BoxCells[] {
  return zooms.flatMap((zoom) => [
    ...boxes.map((box) => windowOfBox(box, zoom)),
    ...places.map((place) => windowAround(place, zoom)),
  ]);
}

/** How many cells an area has at zoom levels, those that several parts of it share counted for each. */
export function countAreaCells(area: Area, zooms: readonly number[]): number {
  return windowsOf(area, zooms).reduce((sum, window) => sum + countCells(window), 0);
}

/** The cells of an area at zoom levels, each once. */
export function* cellsOfArea(area: Area, zooms: readonly number[]): Generator<TileAddress> {
  const isOne = area.boxes.length + area.places.length === 1;
  const seen = new Set<string>();
  for (const window of windowsOf(area, zooms))
    for (const cell of cellsOfWindow(window)) {
      if (isOne) {
        yield cell;
        continue;
      }
      const name = `${cell.z}/${cell.x}/${cell.y}`;
      if (seen.has(name)) continue;
      seen.add(name);
      yield cell;
    }
}

import { intersectBounds } from '../geo/grid';
import type { TileRange } from '../geo/tile-matrix-set';
import type { TileAddress } from '../geo/types';
import type { ServiceTiling } from './prepared-services';
import { boxesOf } from './tile-address';

/** Which tiles of a service are meant. */
export interface SeedArea {
  readonly minzoom: number;
  readonly maxzoom: number;
  /** West, south, east, north in degrees; absent: wherever the service has data. */
  readonly bbox?: readonly [number, number, number, number];
}

/** Columns and rows of a zoom. */
export interface SeedRange extends TileRange {
  readonly z: number;
}

/** The same columns without those that a range before has: at both sides of the antimeridian some may be shared. */
function withoutShared(ranges: readonly SeedRange[]): SeedRange[] {
  const apart: SeedRange[] = [];
  for (const range of [...ranges].sort((one, other) => one.x[0] - other.x[0])) {
    const first = Math.max(range.x[0], (apart.at(-1)?.x[1] ?? -1) + 1);
    if (first <= range.x[1]) apart.push({ ...range, x: [first, range.x[1]] });
  }
  return apart;
}

/** The tiles of every zoom that an area and the service's own extent have in common, each once; smallest zoom first. */
export function rangesOf(
  { matrixSet, settings }: ServiceTiling,
  area: SeedArea,
  own: readonly [number, number, number, number],
): readonly SeedRange[] {
  // Parts differ in longitudes only: on both sides of the antimeridian latitudes are the same.
  const parts = boxesOf(own).flatMap((one) =>
    area.bbox ? boxesOf(area.bbox).flatMap((other) => intersectBounds(one, other) ?? []) : [one],
  );
  const first = Math.max(area.minzoom, settings.minzoom);
  const last = Math.min(area.maxzoom, settings.maxzoom);
  const ranges: SeedRange[] = [];
  for (let z = first; z <= last; z++)
    ranges.push(...withoutShared(parts.map((part) => ({ z, ...matrixSet.cover(part, z) }))));
  return ranges;
}

export function tileCount(ranges: readonly SeedRange[]): number {
  return ranges.reduce((sum, { x, y }) => sum + (x[1] - x[0] + 1) * (y[1] - y[0] + 1), 0);
}

export function* tilesOf(ranges: readonly SeedRange[]): Generator<TileAddress> {
  for (const { z, x, y } of ranges)
    for (let row = y[0]; row <= y[1]; row++)
      for (let column = x[0]; column <= x[1]; column++) yield { z, x: column, y: row };
}

/** One of them, counted in that order. @throws RangeError beyond the last one */
export function tileAt(ranges: readonly SeedRange[], index: number): TileAddress {
  let rest = index;
  for (const range of ranges) {
    const count = tileCount([range]);
    const width = range.x[1] - range.x[0] + 1;
    if (rest < count)
      return { z: range.z, x: range.x[0] + (rest % width), y: range.y[0] + Math.floor(rest / width) };
    rest -= count;
  }
  throw new RangeError('There are not so many tiles');
}

export function includes(ranges: readonly SeedRange[], { z, x, y }: TileAddress): boolean {
  return ranges.some((range) => range.z === z && isWithin(range.x, x) && isWithin(range.y, y));
}

function isWithin([min, max]: readonly [number, number], value: number): boolean {
  return value >= min && value <= max;
}

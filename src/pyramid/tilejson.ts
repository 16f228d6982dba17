import { mercatorHalf } from '../geo/tile-matrix-set';
import type { Bounds } from '../geo/types';
import { type PyramidPlan, type TileFormat, tileFormats } from './types';

const degrees = 180 / Math.PI;
const round = (value: number) => Math.round(value * 1e7) / 1e7;

function latitude(mercatorY: number): number {
  return Math.atan(Math.sinh((mercatorY / mercatorHalf) * Math.PI)) * degrees;
}

/**
 * Where a pyramid lies, in degrees. A plain image has no place on Earth; in viewers of maps it begins at the upper left
 * corner of the world, a pixel of the largest level for each of theirs.
 */
export function placeOf({ bounds, levels, tileSizePx, widthPx, heightPx }: PyramidPlan): Bounds {
  if (bounds) return bounds;
  const side = tileSizePx * 2 ** levels[levels.length - 1].z;
  return {
    west: -180,
    north: latitude(mercatorHalf),
    east: (widthPx / side) * 360 - 180,
    south: latitude(mercatorHalf * (1 - (2 * heightPx) / side)),
  };
}

/** Zooms and bounds as TileJSON and archives state them. */
export function describePlace(plan: PyramidPlan) {
  const { west, south, east, north } = placeOf(plan);
  const minzoom = plan.levels[0]?.z ?? 0;
  const maxzoom = plan.levels[plan.levels.length - 1]?.z ?? minzoom;
  return {
    minzoom,
    maxzoom,
    bounds: [round(west), round(south), round(east), round(north)] as const,
    center: [round((west + east) / 2), round((south + north) / 2), minzoom] as const,
  };
}

/** The TileJSON 3.0.0 document of a pyramid in `{z}/{x}/{y}`. @param baseUrl of the folder, where it is known */
export function tileJsonOf(
  plan: PyramidPlan,
  format: TileFormat,
  names: { readonly name: string; readonly baseUrl?: string },
): Record<string, unknown> {
  const { extension } = tileFormats[format];
  const prefix = names.baseUrl === undefined ? '' : `${names.baseUrl}/`;
  return {
    tilejson: '3.0.0',
    name: names.name,
    scheme: 'xyz',
    tiles: [`${prefix}{z}/{x}/{y}.${extension}`],
    ...describePlace(plan),
    vector_layers: [],
    format: extension,
    tilesize: plan.tileSizePx,
  };
}

import { OpenEOError } from '../../base/errors';
import { CrsError, parseCrs, sameCrs, transformBounds, wgs84 } from '../../geo/crs';
import type { Bounds, Crs } from '../../geo/types';

/** The argument of processes that take a bounding box. */
export interface BoundingBox {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
  readonly base?: number | null;
  readonly height?: number | null;
  readonly crs?: number | string | object;
}

/** A box in its own reference system. West beyond east crosses the antimeridian. */
export interface ParsedBox extends Bounds {
  readonly crs: Crs;
}

/** @throws OpenEOError `ProcessParameterInvalid` */
export function parseBox(box: BoundingBox, process: string, parameter: string): ParsedBox {
  const invalid = (reason: string, cause?: unknown) =>
    new OpenEOError('ProcessParameterInvalid', { process, parameter, reason }, { cause });
  let crs: Crs;
  try {
    crs = parseCrs(box.crs ?? 4326);
  } catch (error) {
    if (error instanceof CrsError) throw invalid(error.message, error);
    throw error;
  }
  const { west, south, east, north } = box;
  if (south > north) throw invalid('south lies north of north');
  if (west > east && !crs.isGeographic) throw invalid('west lies east of east');
  if (!crs.isGeographic) return { west, south, east, north, crs };
  if (east - west >= 360) return { west: -180, south, east: 180, north, crs };
  return { west: wrap(west), south, east: wrap(east), north, crs };
}

/** The same longitude between −180 and 180, unchanged where it is. */
function wrap(longitude: number): number {
  return Math.abs(longitude) <= 180 ? longitude : longitude - 360 * Math.floor((longitude + 180) / 360);
}

/** A box without the jump at the antimeridian: one part, or one on either side. */
function parts(box: ParsedBox): Bounds[] {
  const { west, south, east, north } = box;
  return west <= east
    ? [{ west, south, east, north }]
    : [
        { west, south, east: 180, north },
        { west: -180, south, east, north },
      ];
}

/**
 * The box in another reference system: the rectangles around its parts there.
 * @param around bounds of interest: longitudes are counted as they are.
 */
export function boxesIn(box: ParsedBox, crs: Crs, around: Bounds): Bounds[] {
  const boxes = parts(box).flatMap((part) => {
    if (sameCrs(box.crs, crs)) return [part];
    const projected = transformBounds(part, box.crs, crs);
    if (Number.isNaN(projected.west)) return [];
    return crs.isGeographic ? parts({ ...projected, crs }) : [projected];
  });
  if (!crs.isGeographic) return boxes;
  return [-360, 0, 360].flatMap((turn) =>
    boxes
      .map((part) => ({ ...part, west: part.west + turn, east: part.east + turn }))
      .filter((part) => part.west <= around.east && part.east >= around.west),
  );
}

/** Longitudes and latitudes around the box, as item filters take them: west beyond east crosses the antimeridian. */
export function boxInWgs84(box: ParsedBox): [number, number, number, number] {
  if (sameCrs(box.crs, wgs84)) return [box.west, box.south, box.east, box.north];
  const projected = parts(box).map((part) => transformBounds(part, box.crs, wgs84));
  return [
    projected[0].west,
    Math.min(...projected.map(({ south }) => south)),
    projected[projected.length - 1].east,
    Math.max(...projected.map(({ north }) => north)),
  ];
}

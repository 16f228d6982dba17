import { OpenEOError, ProcessException } from '../../base/errors';
import type { Crs } from '../../geo/types';
import { type Cube, deriveCube, type FeatureInfo } from '../../raster/cube';
import { replaceDimension } from '../../raster/select-labels';
import type { Geometry, GeometryDimension } from '../../raster/vector/geometry';
import type { Polygon, Position } from '../../raster/vector/polygons';
import { pickedLabels } from './picked-labels';

/** More points than a cube of geometries is of use with. */
export const maxPoints = 1_000_000;

export function tooManyPoints(process: string): OpenEOError {
  return new OpenEOError('ProcessGraphComplexity', {
    reason: `${process} would make more than ${maxPoints} points`,
  });
}

/** @throws ProcessException `UnitMismatch` where coordinates are not in meters */
export function requireMeters(crs: Crs): void {
  const isInMeters =
    !crs.isGeographic && !/\+units=(?!m\b)|\+to_meter=(?!1(?:\.0*)?(?:\s|$))/.test(crs.definition);
  if (isInMeters) return;
  throw new ProcessException(
    'UnitMismatch',
    `The geometries are in ${crs.id}, whose unit is not the meter; vector_reproject brings them to a system in meters.`,
  );
}

/** Whether a point lies in a polygon and in none of its holes. */
export function isInPolygon(polygon: Polygon, x: number, y: number): boolean {
  let isInside = false;
  for (const ring of polygon)
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
    }
  return isInside;
}

/**
 * The cube with points in the place of its geometries: a MultiPoint for each, or a label for every point, which
 * repeats the values and properties of its geometry but not its identifier. Empty geometries stay as they are.
 * @param points for each geometry; none for empty ones.
 */
export function withPoints(
  cube: Cube,
  dimension: GeometryDimension,
  points: readonly (readonly Position[])[],
  isGrouped: boolean,
): Cube {
  const geometries = dimension.labels as readonly (Geometry | null)[];
  if (isGrouped) {
    const labels = geometries.map((geometry, index) =>
      points[index].length > 0 ? { type: 'MultiPoint', coordinates: points[index] } : geometry,
    );
    return deriveCube(cube, { dimensions: replaceDimension(cube, dimension.name, { ...dimension, labels }) });
  }
  const labels: (Geometry | null)[] = [];
  const features: FeatureInfo[] = [];
  const sources: number[] = [];
  geometries.forEach((geometry, index) => {
    const own: (Geometry | null)[] =
      points[index].length > 0
        ? points[index].map((coordinates) => ({ type: 'Point', coordinates }))
        : [geometry];
    for (const label of own) {
      labels.push(label);
      features.push({ properties: dimension.features?.[index]?.properties ?? null });
      sources.push(index);
    }
  });
  return pickedLabels(cube, { ...dimension, labels, features }, sources);
}

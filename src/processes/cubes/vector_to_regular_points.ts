import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { type Geometry, partsOf, positionsOf } from '../../raster/geometry';
import { type Polygon, type Position, polygonBounds } from '../../raster/polygons';
import { readGeometries } from './geometry-argument';
import { isInPolygon, maxPoints, requireMeters, tooManyPoints, withPoints } from './sampled-points';

const process = 'vector_to_regular_points';

/** The middles of the cells in a polygon; cells begin at its upper left. */
function inPolygon(polygon: Polygon, distance: number): Position[] {
  const bounds = polygonBounds([polygon]);
  if (!bounds) return [];
  const columns = Math.ceil((bounds.east - bounds.west) / distance);
  const rows = Math.ceil((bounds.north - bounds.south) / distance);
  if (columns * rows > 20 * maxPoints) throw tooManyPoints(process);
  const points: Position[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const x = bounds.west + (column + 0.5) * distance;
      const y = bounds.north - (row + 0.5) * distance;
      if (isInPolygon(polygon, x, y)) points.push([x, y]);
    }
  return points;
}

/** The start of a line, and a point after each `distance` along it. */
function alongLine(line: readonly Position[], distance: number): Position[] {
  const points: Position[] = [line[0].slice(0, 2)];
  let left = distance;
  for (let i = 1; i < line.length; i++) {
    const [[x1, y1], [x2, y2]] = [line[i - 1], line[i]];
    const length = Math.hypot(x2 - x1, y2 - y1);
    let walked = left;
    for (; walked <= length; walked += distance) {
      if (points.length > maxPoints) throw tooManyPoints(process);
      points.push([x1 + ((x2 - x1) * walked) / length, y1 + ((y2 - y1) * walked) / length]);
    }
    left = walked - length;
  }
  return points;
}

function sample(geometry: Geometry | null, distance: number): readonly Position[] {
  const { points, lines, polygons } = partsOf(geometry);
  const found = [
    ...points,
    ...lines.flatMap((line) => alongLine(line, distance)),
    ...polygons.flatMap((polygon) => inPolygon(polygon, distance)),
  ];
  return found.length > 0 ? found : positionsOf(geometry).slice(0, 1);
}

export function run(args: Arguments): Cube {
  const distance = args.distance as number;
  if (!(distance > 0))
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'distance',
      reason: 'it must be greater than 0',
    });
  const { dimension, geometries, crs } = readGeometries(args.data, process, 'data');
  requireMeters(crs);
  const points = geometries.map((geometry) => sample(geometry, distance));
  if (points.reduce((sum, own) => sum + own.length, 0) > maxPoints) throw tooManyPoints(process);
  return withPoints(args.data as Cube, dimension, points, args.group as boolean);
}

import { OpenEOError } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { type Geometry, partsOf, positionsOf } from '../../raster/vector/geometry';
import { type Polygon, type Position, polygonBounds } from '../../raster/vector/polygons';
import type { ProcessContext } from '../context';
import { readGeometries } from './geometry-argument';
import { maxPoints, requireMeters, tooManyPoints, withPoints } from './sampled-points';

const process = 'vector_to_regular_points';

type Rest = ReturnType<typeof createPace>;

/** Where a row of cells meets the edges of a polygon, from west to east. */
function crossingsAt(polygon: Polygon, y: number): number[] {
  const crossings: number[] = [];
  for (const ring of polygon)
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if (y1 > y !== y2 > y) crossings.push(((x2 - x1) * (y - y1)) / (y2 - y1) + x1);
    }
  return crossings.sort((one, other) => one - other);
}

/** The middles of the cells in a polygon; cells begin at its upper left. */
async function inPolygon(polygon: Polygon, distance: number, rest: Rest): Promise<Position[]> {
  const bounds = polygonBounds([polygon]);
  if (!bounds) return [];
  const columns = Math.ceil((bounds.east - bounds.west) / distance);
  const rows = Math.ceil((bounds.north - bounds.south) / distance);
  if (columns * rows > 20 * maxPoints) throw tooManyPoints(process);
  const points: Position[] = [];
  for (let row = 0; row < rows; row++) {
    await rest();
    if (points.length > maxPoints) throw tooManyPoints(process);
    const y = bounds.north - (row + 0.5) * distance;
    const crossings = crossingsAt(polygon, y);
    // A point is inside where an odd number of edges lies east of it.
    for (let column = 0, passed = 0; column < columns && passed < crossings.length; column++) {
      const x = bounds.west + (column + 0.5) * distance;
      while (passed < crossings.length && crossings[passed] <= x) passed++;
      if ((crossings.length - passed) % 2 === 1) points.push([x, y]);
    }
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

async function sample(geometry: Geometry | null, distance: number, rest: Rest): Promise<readonly Position[]> {
  const { points, lines, polygons } = partsOf(geometry);
  const found = [...points, ...lines.flatMap((line) => alongLine(line, distance))];
  for (const polygon of polygons)
    for (const point of await inPolygon(polygon, distance, rest)) found.push(point);
  return found.length > 0 ? found : positionsOf(geometry).slice(0, 1);
}

export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const distance = args.distance as number;
  if (!(distance > 0))
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'distance',
      reason: 'it must be greater than 0',
    });
  const { dimension, geometries, crs } = readGeometries(args.data, process, 'data');
  requireMeters(crs);
  const rest = createPace(signal);
  const points: (readonly Position[])[] = [];
  let count = 0;
  for (const geometry of geometries) {
    await rest();
    const own = await sample(geometry, distance, rest);
    count += own.length;
    if (count > maxPoints) throw tooManyPoints(process);
    points.push(own);
  }
  return withPoints(args.data as Cube, dimension, points, args.group as boolean);
}

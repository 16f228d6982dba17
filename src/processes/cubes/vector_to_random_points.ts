import { randomInt } from 'node:crypto';
import { ProcessException } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { type Geometry, isEmptyGeometry, partsOf, positionsOf } from '../../raster/vector/geometry';
import { type Polygon, type Position, polygonBounds } from '../../raster/vector/polygons';
import type { ProcessContext } from '../context';
import { readGeometries } from './geometry-argument';
import { isInPolygon, maxPoints, tooManyPoints, withPoints } from './sampled-points';

const process = 'vector_to_random_points';

type Random = () => number;
type Rest = ReturnType<typeof createPace>;

/** Numbers from 0 to 1 (mulberry32): the same for the same seed. */
function randomNumbers(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several parts, each as likely as it is large. */
function choose<T>(parts: readonly T[], sizes: readonly number[], random: Random): T {
  let rest = random() * sizes.reduce((sum, size) => sum + size, 0);
  const index = sizes.findIndex((size) => {
    rest -= size;
    return rest < 0;
  });
  return parts[index < 0 ? parts.length - 1 : index];
}

function area(polygon: Polygon): number {
  const ringArea = (ring: readonly Position[]) =>
    Math.abs(
      ring.reduce(
        (sum, [x, y], i) => sum + x * ring[(i + 1) % ring.length][1] - ring[(i + 1) % ring.length][0] * y,
        0,
      ),
    ) / 2;
  const [outer, ...holes] = polygon.map(ringArea);
  return Math.max(0, outer - holes.reduce((sum, hole) => sum + hole, 0));
}

/** Tries for a point in a polygon, which may be much smaller than the box around it. */
const maxTries = 10_000;

async function inPolygon(polygon: Polygon, random: Random, rest: Rest): Promise<Position> {
  const { west, south, east, north } = polygonBounds([polygon])!;
  for (let tries = 0; tries < maxTries; tries++) {
    const turn = rest();
    if (turn) await turn;
    const [x, y] = [west + random() * (east - west), south + random() * (north - south)];
    if (isInPolygon(polygon, x, y)) return [x, y];
  }
  return polygon[0][0].slice(0, 2);
}

function onSegment([from, to]: readonly [Position, Position], random: Random): Position {
  const t = random();
  return [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
}

/** At most `count` points of a geometry: those that it consists of are taken once at most. */
async function sample(
  geometry: Geometry | null,
  count: number,
  random: Random,
  rest: Rest,
): Promise<Position[]> {
  const { points, lines, polygons } = partsOf(geometry);
  if (polygons.length > 0) {
    const sizes = polygons.map(area);
    const found: Position[] = [];
    while (found.length < count) {
      await rest();
      found.push(await inPolygon(choose(polygons, sizes, random), random, rest));
    }
    return found;
  }
  if (lines.length > 0) {
    const segments = lines.flatMap((line) =>
      line.slice(1).map((to, index): [Position, Position] => [line[index], to]),
    );
    const sizes = segments.map(([from, to]) => Math.hypot(to[0] - from[0], to[1] - from[1]));
    return Array.from({ length: count }, () => onSegment(choose(segments, sizes, random), random));
  }
  const left = [...points];
  const taken: Position[] = [];
  while (taken.length < count && left.length > 0)
    taken.push(...left.splice(Math.floor(random() * left.length), 1));
  return taken;
}

/** How many points each geometry may have: `total` is spread evenly over those that are not empty. */
function quotas(
  geometries: readonly (Geometry | null)[],
  each: number | null,
  total: number | null,
): number[] {
  const most = (geometry: Geometry | null) => {
    if (isEmptyGeometry(geometry)) return 0;
    const own = /Point$/.test(geometry!.type) ? positionsOf(geometry).length : Infinity;
    return Math.min(own, each ?? (total === null ? 1 : Infinity));
  };
  const limits = geometries.map(most);
  if (total === null) return limits;
  const counts = limits.map(() => 0);
  let left = total;
  let open = limits.flatMap((limit, index) => (limit > 0 ? [index] : []));
  while (left > 0 && open.length > 0) {
    const share = Math.max(1, Math.floor(left / open.length));
    for (const index of open) {
      const more = Math.min(share, limits[index] - counts[index], left);
      counts[index] += more;
      left -= more;
    }
    open = open.filter((index) => counts[index] < limits[index]);
  }
  return counts;
}

export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const { dimension, geometries } = readGeometries(args.data, process, 'data');
  const each = args.geometry_count as number | null;
  const total = args.total_count as number | null;
  if (total !== null && total < geometries.length)
    throw new ProcessException(
      'CountMismatch',
      `${total} points are too few for ${geometries.length} geometries, each of which needs one.`,
    );
  const random = randomNumbers((args.seed as number | null) ?? randomInt(2 ** 32));
  const counts = quotas(geometries, each, total);
  if (counts.reduce((sum, count) => sum + count, 0) > maxPoints) throw tooManyPoints(process);
  const rest = createPace(signal);
  const points: Position[][] = [];
  for (const [index, geometry] of geometries.entries()) {
    await rest();
    points.push(await sample(geometry, counts[index], random, rest));
  }
  return withPoints(args.data as Cube, dimension, points, args.group as boolean);
}

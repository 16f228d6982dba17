import { type Geometry, partsOf } from './geometry';
import type { Position } from './polygons';

/**
 * A text that is the same for geometries that are equal in the sense of the Simple Features standard: that cover the
 * same points, wherever their rings begin, whichever way round they go, and however many points lie on their straight
 * edges. A multi geometry of one part equals that part. (Parts that touch count as parts.)
 */
export function geometryKey(geometry: Geometry | null): string {
  const { points, lines, polygons } = partsOf(geometry);
  const keys = [
    ...new Set(points.map((point) => `point ${write([point])}`)),
    ...lines.map((line) => `line ${lineKey(simplified(line, false))}`),
    ...polygons.map(([outer, ...holes]) => {
      const inner = holes.filter((ring) => ring.length > 2).map(ringKey);
      return `polygon ${[ringKey(outer), ...inner.sort()].join(' hole ')}`;
    }),
  ];
  return keys.sort().join('; ');
}

function write(positions: readonly Position[]): string {
  // Adding zero makes -0 the 0 that it equals.
  return positions.map(([x, y]) => `${x + 0} ${y + 0}`).join(',');
}

function isSame(one: Position, other: Position): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

function isBetween(before: Position, point: Position, after: Position): boolean {
  const [ax, ay] = [point[0] - before[0], point[1] - before[1]];
  const [bx, by] = [after[0] - point[0], after[1] - point[1]];
  return ax * by === ay * bx && ax * bx + ay * by > 0;
}

/** Without repeated points and points on straight edges; a ring also without the point that closes it. */
function simplified(line: readonly Position[], isRing: boolean): readonly Position[] {
  const open = isRing && line.length > 1 && isSame(line[0], line[line.length - 1]) ? line.slice(0, -1) : line;
  const distinct = open.filter((point, index) => index === 0 || !isSame(point, open[index - 1]));
  const count = distinct.length;
  return distinct.filter((point, index) => {
    if (!isRing && (index === 0 || index === count - 1)) return true;
    return !isBetween(distinct[(index + count - 1) % count], point, distinct[(index + 1) % count]);
  });
}

function lineKey(line: readonly Position[]): string {
  return [write(line), write([...line].reverse())].sort()[0];
}

function ringKey(ring: readonly Position[]): string {
  const points = simplified(ring, true);
  let first = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i], points[first]];
    if (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])) first = i;
  }
  const forward = [...points.slice(first), ...points.slice(0, first)];
  const backward = [...forward.slice(0, 1), ...forward.slice(1).reverse()];
  return [write(forward), write(backward)].sort()[0];
}

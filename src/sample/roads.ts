import { noise } from './noise';
import { pixelSize, size } from './terrain';

const { ceil, floor, hypot, max, min, sin } = Math;

/** Towns by their middles and radii, in kilometres from the north-western corner. */
export const towns = [
  { east: 5.2, south: 8.55, radius: 0.85 },
  { east: 1.7, south: 9.1, radius: 0.42 },
  { east: 8.6, south: 6.6, radius: 0.45 },
  { east: 8.9, south: 9.2, radius: 0.36 },
  { east: 2.3, south: 6.35, radius: 0.38 },
  { east: 5.6, south: 5.75, radius: 0.3 },
  { east: 6.9, south: 7.5, radius: 0.26 },
] as const;

/** Pairs of towns, and how far the road between them bends, in parts of its length. */
const roads: readonly (readonly [number, number, number])[] = [
  [0, 1, 0.25],
  [0, 2, -0.3],
  [0, 3, 0.3],
  [0, 4, -0.25],
  [0, 5, 0.2],
  [5, 2, 0.15],
  [2, 3, -0.3],
  [1, 4, 0.3],
  [6, 0, 0.1],
];

/** Draws curved roads, and the railway-straight main road from edge to edge, as coverage 0 … 1. */
export function drawRoads(): Float32Array {
  const coverage = new Float32Array(size * size);
  const dot = (east: number, south: number, width: number) => {
    const x = (east * 1000) / pixelSize;
    const y = (south * 1000) / pixelSize;
    const reach = ceil(width / pixelSize);
    for (let row = floor(y) - reach; row <= y + reach; row++)
      for (let column = floor(x) - reach; column <= x + reach; column++) {
        if (row < 0 || column < 0 || row >= size || column >= size) continue;
        const distance = hypot(column + 0.5 - x, row + 0.5 - y) * pixelSize;
        const part = min(1, max(0, 0.5 + (width / 2 - distance) / pixelSize));
        const at = row * size + column;
        if (part > coverage[at]) coverage[at] = part;
      }
  };
  for (const [from, to, bend] of roads) {
    const a = towns[from];
    const b = towns[to];
    const length = hypot(b.east - a.east, b.south - a.south);
    const middleEast = (a.east + b.east) / 2 + (bend * (a.south - b.south)) / 2;
    const middleSouth = (a.south + b.south) / 2 + (bend * (b.east - a.east)) / 2;
    for (let t = 0; t <= 1; t += 0.004 / length) {
      const s = 1 - t;
      dot(
        s * s * a.east + 2 * s * t * middleEast + t * t * b.east + 0.02 * noise(t * length * 2, from, 91),
        s * s * a.south + 2 * s * t * middleSouth + t * t * b.south + 0.02 * noise(t * length * 2, to, 92),
        9,
      );
    }
  }
  for (let east = 0; east <= 10.24; east += 0.004)
    dot(east, 9.75 - 0.17 * east + 0.28 * sin(east * 0.42), 24);
  return coverage;
}

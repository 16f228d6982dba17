import { hash, noise, random } from './noise';

const { PI, cos, floor, min, sin } = Math;

/** Regions of farmland lie around the points of a jittered lattice with this many cells a side. */
const regionCells = 13;
const regionSize = 1.25;

interface Region {
  readonly east: number;
  readonly south: number;
  readonly id: number;
}

/** Cells from −2 on, so that each pixel has all eight around its own. */
const regions: readonly Region[] = Array.from({ length: regionCells ** 2 }, (_, index) => {
  const column = (index % regionCells) - 2;
  const row = floor(index / regionCells) - 2;
  return {
    east: column + random(column, row, 33),
    south: row + random(column, row, 34),
    id: hash(column, row, 35),
  };
});

/**
 * The field at a place, in kilometres from the north-western corner. Farmland is divided into regions of one direction,
 * these into strips, and strips into fields.
 * @returns `edge`: metres to the nearest edge; `along`: metres across the strip, which its rows of crops follow
 */
export function fieldAt(east: number, south: number): { id: number; edge: number; along: number } {
  const x = east / regionSize + 0.35 * noise(east * 0.9, south * 0.9, 31);
  const y = south / regionSize + 0.35 * noise(east * 0.9, south * 0.9, 32);
  let nearest = 9;
  let region = 0;
  const first = (floor(y) + 1) * regionCells + floor(x) + 1;
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++) {
      const candidate = regions[first + row * regionCells + column];
      const dx = candidate.east - x;
      const dy = candidate.south - y;
      const distance = dx * dx + dy * dy;
      if (distance < nearest) {
        nearest = distance;
        region = candidate.id;
      }
    }
  const angle = ((region & 255) / 255) * PI;
  const turnX = cos(angle);
  const turnY = sin(angle);
  const stripWidth = 85 + ((region >>> 8) & 63) * 1.6;
  const bend = 25 * noise(east * 0.8, south * 0.8, 36);
  const across = ((turnX * east + turnY * south) * 1000 + bend) / stripWidth;
  const along = (turnX * south - turnY * east) * 1000 + bend;
  const cut = (index: number) => index + 0.55 * (random(index, region, 37) - 0.5);
  let strip = floor(across);
  if (across < cut(strip)) strip--;
  else if (across >= cut(strip + 1)) strip++;
  const length = 190 + random(strip, region, 38) * 330;
  const position = along / length + random(strip, region, 39);
  const piece = floor(position);
  const edge = min(
    (across - cut(strip)) * stripWidth,
    (cut(strip + 1) - across) * stripWidth,
    (position - piece) * length,
    (piece + 1 - position) * length,
  );
  return { id: hash(strip, piece, region), edge, along: across * stripWidth };
}

import { fieldAt } from './fields';
import { fractal, hash, noise, random, smoothstep } from './noise';
import { drawRoads, towns } from './roads';
import { pixelSize, size, type Terrain } from './terrain';

const { cos, exp, floor, sin, sqrt } = Math;

/** What covers a pixel. */
export const cover = {
  water: 0,
  gravel: 1,
  conifers: 2,
  broadleaf: 3,
  meadow: 4,
  rock: 5,
  roofs: 6,
  gardens: 7,
  asphalt: 8,
  hedge: 9,
  /** The first of {@link crops}. */
  field: 10,
} as const;

/** What grows on fields, in the order of their cover numbers from {@link cover.field} on. */
export const crops = ['wheat', 'maize', 'rapeseed', 'grass', 'beet', 'barley'] as const;

export interface LandCover {
  readonly kind: Uint8Array;
  /** Brightness relative to the cover's usual, −1 … 1: what tells neighbours of one kind apart. */
  readonly tone: Float32Array;
}

/** Lays forest, fields, towns, roads and water over the terrain. */
export function createLandCover(terrain: Terrain): LandCover {
  const kind = new Uint8Array(size * size);
  const tone = new Float32Array(size * size);
  const road = drawRoads();
  const km = pixelSize / 1000;
  for (let row = 0, at = 0; row < size; row++)
    for (let column = 0; column < size; column++, at++) {
      const east = column * km;
      const south = row * km;
      const height = terrain.elevation[at];
      const slope = sqrt(terrain.slopeEast[at] ** 2 + terrain.slopeSouth[at] ** 2);
      const speckle = random(column, row, 41) - 0.5;
      const rough = noise(east * 9, south * 9, 42);
      const toRiver = terrain.river[at];
      const width =
        20 + 17 * smoothstep(2, 9, south) + (toRiver < 150 ? 7 * noise(south * 2.5, east * 2.5, 43) : 0);
      if (toRiver < width || terrain.lake[at]) {
        kind[at] = cover.water;
        tone[at] = toRiver < width ? 0.7 : 0.15 * fractal(east * 2, south * 2, 44, 2);
        continue;
      }
      const bar =
        toRiver < 150 ? noise(east * 3.1, south * 3.1, 45) + 0.4 * noise(east * 12, south * 12, 46) : -1;
      if (toRiver < width + 12 + 45 * (bar - 0.2) && bar > 0.2) {
        kind[at] = cover.gravel;
        tone[at] = speckle + rough;
        continue;
      }
      if (road[at] > 0.35) {
        kind[at] = cover.asphalt;
        tone[at] = road[at] - 0.7 + 0.3 * speckle;
        continue;
      }
      let density = 0;
      let nearest = 0;
      for (let town = 0; town < towns.length; town++) {
        const dx = (east - towns[town].east) / towns[town].radius;
        const dy = (south - towns[town].south) / towns[town].radius;
        const d = dx * dx + dy * dy;
        if (d < 4 && exp(-d) > density) {
          density = exp(-d);
          nearest = town;
        }
      }
      if (density > 0.03 && toRiver > width + 30) {
        const built = density + 0.55 * fractal(east * 3.4, south * 3.4, 51, 3);
        if (built > 0.42 && slope < 0.3) {
          settle(at, column, row, nearest, density);
          continue;
        }
      }
      const treeLine = height > 1000 ? 1500 + 140 * noise(east * 1.3, south * 1.3, 52) - 160 * slope : 9000;
      const bare = height + 330 * slope + 160 * rough;
      if (bare > 1800) {
        kind[at] = cover.rock;
        tone[at] = 0.7 * fractal(east * 6, south * 6, 53, 3) + 0.4 * speckle;
        continue;
      }
      const wood =
        fractal(east * 1.15, south * 1.15, 54, 5, 0.55) +
        2.2 * smoothstep(0.12, 0.42, slope) +
        0.55 * smoothstep(520, 700, height) -
        0.35 * smoothstep(1.0, 0.2, toRiver / 1000) -
        0.5 * density;
      const bankTrees = toRiver < width + 70 && noise(east * 7, south * 7, 55) > 0.05;
      if (height < treeLine && (wood > 0.42 || bankTrees)) {
        const isConifer =
          !bankTrees &&
          noise(east * 1.7, south * 1.7, 56) + smoothstep(600, 1050, height) * 0.9 + 0.35 * speckle > 0.22;
        kind[at] = isConifer ? cover.conifers : cover.broadleaf;
        tone[at] = 0.75 * speckle + 0.9 * noise(east * 22, south * 22, 57) + 0.4 * rough;
        continue;
      }
      if (height > 640 + 60 * rough || slope > 0.16) {
        kind[at] = cover.meadow;
        tone[at] = 0.8 * fractal(east * 3, south * 3, 58, 3) + 0.25 * speckle;
        continue;
      }
      farm(at, east, south, speckle);
    }
  return { kind, tone };

  function settle(at: number, column: number, row: number, town: number, density: number): void {
    // Each quarter of a town has its own direction of streets.
    const quarter = hash(floor(column / 46 + noise(row * 0.03, 0, 64)), floor(row / 46), 61 + town);
    const turn = (quarter & 7) * 0.19 + town;
    const u = column * cos(turn) + row * sin(turn) + 4096;
    const v = row * cos(turn) - column * sin(turn) + 4096;
    const isStreet = u % 7 < 0.9 || v % 11 < 0.9;
    const plot = hash(floor(u / 1.75), floor(v / 1.75), 62);
    const share = (plot & 255) / 255;
    const isPark = noise(column * 0.045, row * 0.045, 65) > 0.33;
    // Large, pale roofs of workshops and shops at the edges of the larger towns.
    const works = town < 3 && noise(column * 0.03, row * 0.03, 66) > 0.34 && density < 0.75;
    const large = hash(floor(u / 6), floor(v / 5), 67);
    if (isPark) kind[at] = cover.gardens;
    else if (isStreet) kind[at] = cover.asphalt;
    else if (works) kind[at] = (large & 3) === 0 ? cover.asphalt : cover.roofs;
    else
      kind[at] = share < 0.22 + 0.34 * density ? cover.roofs : share > 0.92 ? cover.asphalt : cover.gardens;
    tone[at] = works
      ? -0.5 - ((large >>> 8) & 255) / 510
      : (((plot >>> 8) & 255) / 255 - 0.5) * (isPark ? 0.6 : 1.6);
  }

  function farm(at: number, east: number, south: number, speckle: number): void {
    const { id, edge, along } = fieldAt(east, south);
    if (edge < 7) {
      const isHedge = (id & 15) < 4;
      kind[at] = isHedge ? cover.hedge : cover.meadow;
      tone[at] = isHedge ? speckle : 0.4;
      return;
    }
    const share = ((id >>> 4) & 255) / 255;
    const crop =
      share < 0.24 ? 0 : share < 0.44 ? 1 : share < 0.56 ? 2 : share < 0.76 ? 3 : share < 0.87 ? 4 : 5;
    kind[at] = cover.field + crop;
    const rows = (id & 0x10000) !== 0 ? 0.12 * sin(along * 0.23) : 0;
    tone[at] =
      (((id >>> 12) & 255) / 255 - 0.5) * 1.3 +
      rows +
      0.2 * speckle +
      0.45 * fractal(east * 5, south * 5, 63, 2);
  }
}

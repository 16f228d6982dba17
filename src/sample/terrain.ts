import { fractal, noise, ridged, smoothstep } from './noise';

const { abs, hypot, min, sin } = Math;

/** Pixels a side at 10 m. */
export const size = 1024;
/** Metres a pixel. */
export const pixelSize = 10;

/** The shape of the land. Arrays are in rows from the north, one entry per 10 m pixel. */
export interface Terrain {
  /** Metres above the sea. */
  readonly elevation: Float32Array;
  /** Metres gained per metre to the east and to the south. */
  readonly slopeEast: Float32Array;
  readonly slopeSouth: Float32Array;
  /** Metres to the middle of the nearest river, up to 3000. */
  readonly river: Float32Array;
  /** 1 where the lake or a pond is. */
  readonly lake: Uint8Array;
}

/** Kilometres east of the western edge where the valley's middle is, so many kilometres south of the northern one. */
function valleyEast(south: number): number {
  return 3.3 + south * 0.3 + 0.6 * sin(south * 0.75 + 0.6);
}

/** The river winds in its valley, and more so in the plain. */
function riverEast(south: number): number {
  const plain = smoothstep(3.2, 7.5, south);
  return (
    valleyEast(south) +
    (0.16 + 0.24 * plain) * noise(south * 1.15, 0.5, 71) * 1.6 +
    (0.05 + 0.14 * plain) * sin(south * 3.4 + 2.2 * noise(south * 0.9, 2.5, 75)) +
    0.05 * noise(south * 4, 0.5, 72)
  );
}

/** Kilometres south where the tributary from the west runs. */
function brookSouth(east: number): number {
  return (
    7.35 -
    0.12 * east +
    0.13 * sin(east * 2.2) +
    0.4 * noise(east * 0.8, 3.5, 73) +
    0.09 * noise(east * 3.3, 1.5, 74)
  );
}

/** Above 0 where the lake is; far from it −9. */
function lakeDepth(east: number, south: number): number {
  const dx = (east - 7.85) / 1.15;
  const dy = (south - 4.5 - 0.22 * (east - 7.85)) / 0.55;
  const far = dx * dx + dy * dy;
  return far > 7 ? -9 : 0.75 - far + 1.25 * fractal(east * 0.95, south * 1.2, 81, 5, 0.45);
}

/** Mountains in the north, hills at their foot, a plain in the south, a river through all of it. */
export function createTerrain(): Terrain {
  const count = size * size;
  const elevation = new Float32Array(count);
  const river = new Float32Array(count);
  const lake = new Uint8Array(count);
  const km = pixelSize / 1000;
  const riverAt = new Float64Array(size);
  const valleyAt = new Float64Array(size);
  const riverTilt = new Float64Array(size);
  const brookAt = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    riverAt[i] = riverEast(i * km);
    valleyAt[i] = valleyEast(i * km);
    const tilt = (riverEast(i * km + 0.02) - riverEast(i * km - 0.02)) / 0.04;
    // The distance measured along a row is longer than the true one where the river runs aslant.
    riverTilt[i] = 1 / hypot(1, tilt);
    brookAt[i] = brookSouth(i * km);
  }
  for (let row = 0, at = 0; row < size; row++)
    for (let column = 0; column < size; column++, at++) {
      const east = column * km;
      const south = row * km;
      const toRiver = abs(east - riverAt[row]) * riverTilt[row];
      const toBrook = east < riverAt[row] ? abs(south - brookAt[column]) * 0.95 : 9;
      river[at] = min(3, toRiver) * 1000;
      const warpX = east + 0.45 * noise(east * 0.7, south * 0.7, 11);
      const warpY = south + 0.45 * noise(east * 0.7, south * 0.7, 12);
      const north = 5.6 - warpY + 0.2 * (4.5 - warpX) + 1.3 * noise(warpX * 0.33, warpY * 0.33, 13);
      const toValley = abs(warpX - valleyAt[row]);
      const valley = smoothstep(0.1, 2.1, toValley);
      const depth = lakeDepth(east, south);
      const basin = 1 - smoothstep(-2.4, 0.3, depth);
      const mountain = smoothstep(-0.3, 5.4, north) * (0.1 + 0.9 * valley) * (0.2 + 0.8 * basin);
      const foot = smoothstep(-1.4, 1.2, north) * valley * basin;
      let height = 432 - south * 6;
      if (foot > 0) height += foot * (70 + 130 * fractal(warpX * 0.8, warpY * 0.8, 16, 4));
      if (mountain > 0)
        height +=
          mountain * (130 + 2150 * ridged(warpX * 0.36, warpY * 0.36, 17, 7)) +
          mountain * 70 * fractal(east * 4, south * 4, 18, 3, 0.6);
      if (north < 1.5)
        height += 14 * fractal(east * 0.5, south * 0.5, 15, 3) * valley * smoothstep(1.5, 0, north);
      elevation[at] = height;
      if (depth > 0.2) lake[at] = 1;
      else if (
        south > 6 &&
        toRiver < 0.55 &&
        toRiver > 0.09 &&
        noise(east * 4.2, south * 4.2, 82) + 0.3 * noise(east * 11, south * 11, 83) > 0.52
      )
        lake[at] = 1;
      if (toBrook < 0.5) river[at] = min(river[at], toBrook * 1000 + 22);
    }
  const slopeEast = new Float32Array(count);
  const slopeSouth = new Float32Array(count);
  for (let row = 0, at = 0; row < size; row++)
    for (let column = 0; column < size; column++, at++) {
      const left = column > 0 ? at - 1 : at;
      const right = column < size - 1 ? at + 1 : at;
      const up = row > 0 ? at - size : at;
      const down = row < size - 1 ? at + size : at;
      slopeEast[at] = (elevation[right] - elevation[left]) / ((right - left || 1) * pixelSize);
      slopeSouth[at] = (elevation[down] - elevation[up]) / (((down - up) / size || 1) * pixelSize);
    }
  return { elevation, slopeEast, slopeSouth, river, lake };
}

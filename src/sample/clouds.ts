import { fractal, smoothstep } from './noise';
import { size } from './terrain';

const { min } = Math;

/** Opacities 0 … 1 of clouds and of the shadows that they cast. */
export interface Clouds {
  readonly cloud: Float32Array;
  readonly shadow: Float32Array;
}

export interface CloudCover {
  readonly seed: number;
  /** Noise above it is cloud: smaller means more of them. */
  readonly threshold: number;
  /** Features per pixel of the largest octave. */
  readonly scale: number;
}

/** From a pixel to where the shadow of the cloud above it falls, in pixels: away from a sun in the south-east. */
const shadowShift = { columns: -21, rows: -34 } as const;

/** Clouds are soft: their shape is computed for every second pixel and interpolated. */
function opacities({ seed, threshold, scale }: CloudCover, columns: number, rows: number): Float32Array {
  const coarse = new Float32Array(columns * rows);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++) {
      const [x, y] = [column * 2 * scale, row * 2 * scale];
      const broad = fractal(x * 0.3, y * 0.3, seed + 50, 2);
      const lumps = fractal(x, y * 1.25, seed, 6, 0.56);
      coarse[at] = smoothstep(threshold, threshold + 0.42, lumps + 0.75 * broad);
    }
  return coarse;
}

/** @param cover absent: a clear sky */
export function createClouds(cover: CloudCover | undefined): Clouds | undefined {
  if (!cover) return undefined;
  // Clouds beyond the edge cast shadows into the picture too.
  const columns = (size - shadowShift.columns + 2) >> 1;
  const rows = (size - shadowShift.rows + 2) >> 1;
  const coarse = opacities(cover, columns + 1, rows + 1);
  const cloud = new Float32Array(size * size);
  const shadow = new Float32Array(size * size);
  for (let row = 0; row < size - shadowShift.rows; row++)
    for (let column = 0; column < size - shadowShift.columns; column++) {
      const at = (row >> 1) * (columns + 1) + (column >> 1);
      const right = at + (column & 1);
      const below = (row & 1) * (columns + 1);
      const opacity = (coarse[at] + coarse[right] + coarse[at + below] + coarse[right + below]) / 4;
      if (opacity === 0) continue;
      if (row < size && column < size) cloud[row * size + column] = opacity;
      const shadowRow = row + shadowShift.rows;
      const shadowColumn = column + shadowShift.columns;
      if (shadowRow >= 0 && shadowColumn >= 0 && shadowRow < size && shadowColumn < size)
        shadow[shadowRow * size + shadowColumn] = min(1, opacity * 1.4);
    }
  return { cloud, shadow };
}

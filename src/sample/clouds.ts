import { fractal, smoothstep } from './noise';
import { size } from './terrain';

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

/** @param cover absent: a clear sky */
export function createClouds(cover: CloudCover | undefined): Clouds | undefined {
  if (!cover) return undefined;
  const { seed, threshold, scale } = cover;
  const cloud = new Float32Array(size * size);
  const shadow = new Float32Array(size * size);
  // Clouds beyond the edge cast shadows into the picture too.
  for (let row = 0; row < size - shadowShift.rows; row++)
    for (let column = 0; column < size - shadowShift.columns; column++) {
      const broad = fractal(column * scale * 0.3, row * scale * 0.3, seed + 50, 2);
      const lumps = fractal(column * scale, row * scale * 1.25, seed, 6, 0.56);
      const opacity = smoothstep(threshold, threshold + 0.42, lumps + 0.75 * broad);
      if (opacity === 0) continue;
      if (row < size && column < size) cloud[row * size + column] = opacity;
      const shadowRow = row + shadowShift.rows;
      const shadowColumn = column + shadowShift.columns;
      if (shadowRow >= 0 && shadowColumn >= 0 && shadowRow < size && shadowColumn < size)
        shadow[shadowRow * size + shadowColumn] = Math.min(1, opacity * 1.4);
    }
  return { cloud, shadow };
}

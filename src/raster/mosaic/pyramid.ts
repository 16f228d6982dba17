import { webMercator } from '../../geo/crs';
import { mercatorHalf } from '../../geo/tile-matrix-set';
import type { Grid } from '../../geo/types';
import type { Pyramid, PyramidLevel } from '../scenes/band-reader';
import type { MosaicLevel } from '../source';

/** A resolution of the pictures of one zoom level. */
export interface MosaicResolution extends PyramidLevel {
  /** Width of a picture in pixels of this resolution. */
  readonly picturePx: number;
}

/** The pictures of one zoom level as one picture; its coarser resolutions are made by averaging pixels. */
export interface MosaicPyramid extends Pyramid<MosaicResolution> {
  readonly level: MosaicLevel;
}

/** From the north-western corner of the first column and row on. */
function gridOf({ zoom, sizePx, columns, rows }: MosaicLevel): Grid {
  const cell = (2 * mercatorHalf) / 2 ** zoom;
  return {
    crs: webMercator,
    originX: columns[0] * cell - mercatorHalf,
    originY: mercatorHalf - rows[0] * cell,
    resX: cell / sizePx,
    resY: cell / sizePx,
    width: (columns[1] - columns[0] + 1) * sizePx,
    height: (rows[1] - rows[0] + 1) * sizePx,
  };
}

/** Halved as long as pictures keep a whole number of pixels. */
export function mosaicPyramid(level: MosaicLevel): MosaicPyramid {
  const grid = gridOf(level);
  const levels: MosaicResolution[] = [];
  for (let factor = 1; level.sizePx % factor === 0; factor *= 2)
    levels.push({
      image: { width: grid.width / factor, height: grid.height / factor },
      factorX: factor,
      factorY: factor,
      picturePx: level.sizePx / factor,
    });
  return { key: String(level.zoom), grid, levels, level };
}

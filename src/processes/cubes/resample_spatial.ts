import { OpenEOError } from '../../base/errors';
import { CrsError, parseCrs, sameCrs, transformBounds } from '../../geo/crs';
import type { Bounds, Crs, Grid } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { type Cube, gridBounds } from '../../raster/cube';
import { fixGrid } from '../../raster/resample';
import type { Resampling } from '../../raster/source';
import { requireGrid } from './cube-dimensions';

type Corner = 'lower-left' | 'upper-left' | 'lower-right' | 'upper-right';

function invalid(parameter: string, reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError(
    'ProcessParameterInvalid',
    { process: 'resample_spatial', parameter, reason },
    { cause },
  );
}

function readProjection(projection: number | string | null, current: Crs): Crs {
  if (projection === null) return current;
  try {
    return parseCrs(projection);
  } catch (error) {
    if (error instanceof CrsError) throw invalid('projection', error.message, error);
    throw error;
  }
}

/** Square pixels that keep the number of pixels along the diagonal, as gdalwarp does. */
function equalResolution(grid: Grid, bounds: Bounds): number {
  const diagonal = Math.hypot(bounds.east - bounds.west, bounds.north - bounds.south);
  return diagonal / Math.hypot(grid.width, grid.height);
}

/** A grid of whole pixels over bounds, of which one corner stays. */
function alignedGrid(bounds: Bounds, crs: Crs, resX: number, resY: number, align: Corner): Grid {
  const width = Math.max(1, Math.round((bounds.east - bounds.west) / resX));
  const height = Math.max(1, Math.round((bounds.north - bounds.south) / resY));
  return {
    crs,
    originX: align.endsWith('left') ? bounds.west : bounds.east - width * resX,
    originY: align.startsWith('upper') ? bounds.north : bounds.south + height * resY,
    resX,
    resY,
    width,
    height,
  };
}

/** The number of pixels is rounded as GDAL does, so up to half a pixel of the extent may be lost or gained. */
export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const grid = requireGrid(cube, 'resample_spatial', 'data');
  const resolution = args.resolution as number | readonly number[];
  const projection = args.projection as number | string | null;
  const [wantedX, wantedY] = typeof resolution === 'number' ? [resolution, resolution] : resolution;
  if (projection === null && wantedX === 0 && wantedY === 0)
    throw invalid('resolution', 'a resolution or a projection is needed');
  const crs = readProjection(projection, grid.crs);
  const isSame = sameCrs(crs, grid.crs);
  if (grid.width === 0 || grid.height === 0)
    return fixGrid(cube, { ...grid, crs, resX: wantedX || grid.resX, resY: wantedY || grid.resY }, 'near');
  const bounds = isSame ? gridBounds(grid) : transformBounds(gridBounds(grid), grid.crs, crs);
  if (Number.isNaN(bounds.west)) throw invalid('projection', 'it cannot show the area of the cube');
  const east = bounds.east < bounds.west ? bounds.east + 360 : bounds.east;
  const area = { ...bounds, east };
  const equal = isSame ? undefined : equalResolution(grid, area);
  const target = alignedGrid(
    area,
    crs,
    wantedX || (equal ?? grid.resX),
    wantedY || (equal ?? grid.resY),
    args.align as Corner,
  );
  if (!Number.isSafeInteger(target.width * target.height))
    throw invalid('resolution', 'the pixels are too small');
  return fixGrid(cube, target, args.method as Resampling);
}

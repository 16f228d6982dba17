import { OpenEOError, ProcessException } from '../../base/errors';
import type { Grid } from '../../geo/types';
import { type Cube, type Dimension, isHorizontal } from '../../raster/cube';
import { labelNames } from '../../raster/label-names';
import { labelsOf, withLabels } from '../../raster/labelled-view';

/** @throws ProcessException `DimensionNotAvailable` */
export function requireDimension(cube: Cube, name: string): Dimension {
  const dimension = cube.dimensions.find((other) => other.name === name);
  if (!dimension) {
    const names = cube.dimensions.map((other) => other.name).join(', ') || 'none';
    throw new ProcessException(
      'DimensionNotAvailable',
      `The cube has no dimension "${name}"; its dimensions are: ${names}.`,
    );
  }
  return dimension;
}

/** @throws ProcessException `DimensionExists` */
export function refuseDimension(cube: Cube, name: string): void {
  if (cube.dimensions.some((other) => other.name === name))
    throw new ProcessException('DimensionExists', `The cube has a dimension "${name}" already.`);
}

export function dimensionsOfType<T extends Dimension['type']>(
  cube: Cube,
  type: T,
): Extract<Dimension, { type: T }>[] {
  return cube.dimensions.filter(
    (dimension): dimension is Extract<Dimension, { type: T }> => dimension.type === type,
  );
}

/**
 * The grid of a cube's horizontal dimensions.
 * @throws OpenEOError `ProcessParameterInvalid` where it has none.
 */
export function requireGrid(cube: Cube, process: string, parameter: string): Grid {
  if (!cube.grid)
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter,
      reason: 'the cube needs the dimensions x and y with evenly spaced labels',
    });
  return cube.grid;
}

/** The cube with labels on the named dimension: as it is, or for x and y without its grid. */
export function withLabelsOn(cube: Cube, name: string): Cube {
  return isHorizontal(cube, requireDimension(cube, name)) ? withLabels(cube) : cube;
}

/** The labels of a dimension by its name, as graphs see them. @throws ProcessException `DimensionNotAvailable` */
export function dimensionLabels(cube: Cube, name: string): readonly (number | string)[] {
  const dimension = requireDimension(cube, name);
  return labelNames(dimension, labelsOf(cube, dimension));
}

/** A dimension of the same name and type with other labels; what described the old ones is dropped. */
export function relabel(dimension: Dimension, labels: readonly unknown[]): Dimension {
  const changes: { labels: readonly unknown[]; bands?: undefined; features?: undefined } =
    dimension.type === 'bands'
      ? { labels, bands: undefined }
      : dimension.type === 'geometry'
        ? { labels, features: undefined }
        : { labels };
  return { ...dimension, ...changes } as Dimension;
}

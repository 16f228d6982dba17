import { ProcessException } from '../../base/errors';
import { gridsEqual } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import { cropCube } from '../../raster/crop';
import {
  type Cube,
  type Dimension,
  deriveCube,
  gridBounds,
  isCube,
  isHorizontal,
  layerDimensions,
} from '../../raster/cube';

/** The cube on other pixels: those of `grid`, and nothing beyond them. */
export function onGrid(cube: Cube, grid: Grid): Cube {
  return cropCube(deriveCube(cube, { grid }), [gridBounds(grid)]);
}

function axisOf(dimension: Dimension): string {
  return dimension.type === 'spatial' ? `${dimension.type} ${dimension.axis}` : dimension.type;
}

function names(cube: Cube): string[] {
  return layerDimensions(cube).map(({ name }) => name);
}

/** Why a cube has other dimensions, labels or pixels than another one; undefined where they are the same. */
export function differenceTo(result: Cube, input: Cube, mayRelabel = false): string | undefined {
  if (result.dimensions.length !== input.dimensions.length) return 'the number of dimensions';
  if (!result.grid !== !input.grid) return 'the pixel grid';
  if (result.grid && input.grid && !gridsEqual(result.grid, input.grid)) return 'the pixel grid';
  for (const own of input.dimensions) {
    const other = result.dimensions.find(({ name }) => name === own.name);
    if (!other || axisOf(other) !== axisOf(own)) return `the dimension "${own.name}"`;
    if (isHorizontal(input, own)) continue;
    if (names(result).indexOf(own.name) !== names(input).indexOf(own.name))
      return 'the order of the dimensions';
    const [before, after] = [own.labels ?? [], other.labels ?? []];
    if (before.length !== after.length) return `the number of labels of "${own.name}"`;
    if (!mayRelabel && before.some((label, index) => label !== after[index]))
      return `the labels of "${own.name}"`;
  }
  return undefined;
}

/** What a process made of a part of a cube. @throws ProcessException `DataCubePropertiesImmutable` */
export function sameShape(value: unknown, input: Cube): Cube {
  const difference = isCube(value) ? differenceTo(value, input) : 'that it is a data cube';
  if (difference)
    throw new ProcessException(
      'DataCubePropertiesImmutable',
      `The process must not change dimensions, labels or pixels of what it is given, but it changed ${difference}.`,
    );
  return value as Cube;
}

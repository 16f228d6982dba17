import { subGrid } from '../geo/grid';
import { cropCube } from './crop';
import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  gridBounds,
  isHorizontal,
  type Window,
} from './cube';
import { withLabels } from './labelled-view';
import { allIndices, labelCount, missingBlock } from './layers';

/** A dimension with a part of its labels; what is known of bands and geometries goes along. */
function pickLabels(dimension: Dimension, indices: readonly number[]): Dimension {
  const labels = indices.map((index) => dimension.labels![index]);
  if (dimension.type === 'geometry')
    return {
      ...dimension,
      labels,
      features: dimension.features && indices.map((index) => dimension.features![index]),
    };
  if (dimension.type !== 'bands') return { ...dimension, labels } as Dimension;
  return {
    ...dimension,
    labels: labels as (number | string)[],
    bands: dimension.bands && indices.map((index) => dimension.bands![index]),
  };
}

/** The cube with its dimensions exchanged, of equal names and order, for others of the same lengths. */
export function replaceDimension(cube: Cube, name: string, dimension: Dimension): readonly Dimension[] {
  return cube.dimensions.map((other) => (other.name === name ? dimension : other));
}

/** The cube with neighbouring columns or rows of its grid; undefined for others, which make no grid. */
function selectPixels(cube: Cube, dimension: Dimension, indices: readonly number[]): Cube | undefined {
  const grid = cube.grid;
  if (!grid || !isHorizontal(cube, dimension) || dimension.type !== 'spatial') return undefined;
  const [first] = indices;
  if (first === undefined || indices.some((index, position) => index !== first + position)) return undefined;
  const part =
    dimension.axis === 'x'
      ? subGrid(grid, first, 0, indices.length, grid.height)
      : subGrid(grid, 0, first, grid.width, indices.length);
  return cropCube(cube, [gridBounds(part)]);
}

/**
 * A cube with a part of the labels of one dimension, in the order of `indices`. Only their layers are read.
 * Selecting from a horizontal dimension other than neighbours in their order gives up the grid (see
 * {@link withLabels}).
 */
export function selectLabels(input: Cube, name: string, indices: readonly number[]): Cube {
  const found = input.dimensions.find((dimension) => dimension.name === name)!;
  const pixels = selectPixels(input, found, indices);
  if (pixels) return pixels;
  const cube = isHorizontal(input, found) ? withLabels(input) : input;
  const dimension = cube.dimensions.find((other) => other.name === name)!;
  if (indices.length === labelCount(dimension) && indices.every((index, position) => index === position))
    return input;
  const result: Cube = deriveCube(cube, {
    dimensions: replaceDimension(cube, name, pickLabels(dimension, indices)),
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const wanted = window.select?.get(name) ?? allIndices(indices.length);
      if (wanted.length === 0) return missingBlock(result, window);
      const select = new Map(window.select).set(
        name,
        wanted.map((position) => indices[position]),
      );
      return await cube.read({ ...window, select }, signal);
    },
  });
  return result;
}

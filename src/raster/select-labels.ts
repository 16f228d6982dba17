import { type Block, type Cube, type Dimension, deriveCube, isHorizontal, type Window } from './cube';
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

/**
 * A cube with a part of the labels of one dimension, in the order of `indices`. Only their layers are read.
 * Selecting from a horizontal dimension gives up the grid (see {@link withLabels}).
 */
export function selectLabels(input: Cube, name: string, indices: readonly number[]): Cube {
  const found = input.dimensions.find((dimension) => dimension.name === name)!;
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

import { OpenEOError } from '../base/errors';
import { subGrid } from '../geo/grid';
import type { Grid } from '../geo/types';
import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  isHorizontal,
  layerDimensions,
  type Window,
} from './cube';
import {
  copyValues,
  createValuesLike,
  forEachIndex,
  missingBlock,
  product,
  selectedIndices,
  strides,
} from './layers';
import { memoryCube } from './memory-cube';
import { transposeLayers } from './transpose';

/** Labels that rows or columns may have: each step of a graph has its own, and many look at them one by one. */
const maxPixelLabels = 1_000_000;

/** @throws OpenEOError `ProcessGraphComplexity` for more labels than a dimension may have */
export function refuseManyLabels(count: number, most: number, dimension: string): void {
  if (count <= most) return;
  const show = (value: number) => value.toLocaleString('en');
  throw new OpenEOError('ProcessGraphComplexity', {
    reason: `the dimension ${dimension} would have ${show(count)} labels; at most ${show(most)} are possible.`,
  });
}

/**
 * Coordinates of the pixel centres along one axis of a grid, from west to east or from north to south.
 * @throws OpenEOError `ProcessGraphComplexity`
 */
export function gridLabels(grid: Grid, axis: 'x' | 'y'): number[] {
  const [length, start, step] =
    axis === 'x' ? [grid.width, grid.originX, grid.resX] : [grid.height, grid.originY, -grid.resY];
  refuseManyLabels(length, maxPixelLabels, axis);
  return Array.from({ length }, (_, index) => start + (index + 0.5) * step);
}

/** The labels of any dimension; those of horizontal ones follow from the grid. */
export function labelsOf(cube: Pick<Cube, 'grid'>, dimension: Dimension): readonly unknown[] {
  if (isHorizontal(cube, dimension) && dimension.type === 'spatial')
    return gridLabels(cube.grid!, dimension.axis as 'x' | 'y');
  return dimension.labels ?? [];
}

/**
 * The opposite of {@link withLabels}: a cube with labelled x and y that are the pixels of `grid` gets it back. Any
 * window of it needs the whole scene. Cubes that have lost or changed one of the two are returned as they are.
 */
export function withGrid(input: Cube, grid: Grid): Cube {
  const axes = (['y', 'x'] as const).map((axis) =>
    input.dimensions.findIndex((dimension) => dimension.type === 'spatial' && dimension.axis === axis),
  );
  if (input.grid || axes.includes(-1)) return input;
  const lengths = axes.map((axis) => input.dimensions[axis].labels?.length);
  if (lengths[0] !== grid.height || lengths[1] !== grid.width) return input;
  const dimensions = input.dimensions.map((dimension, index) =>
    axes.includes(index) ? ({ ...dimension, labels: undefined } as Dimension) : dimension,
  );
  const result: Cube = deriveCube(input, {
    dimensions,
    grid,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const { select } = window;
      const block = await input.read(select ? { select } : {}, signal);
      const layers = layerDimensions(result);
      const order = [
        ...layers.map(({ name }) => input.dimensions.findIndex((d) => d.name === name)),
        ...axes,
      ];
      const { data, valid } = transposeLayers(block, block.shape, order, 1);
      const shape = order.map((axis) => block.shape[axis]);
      const chosen = layers.map((layer, index) => ({
        ...layer,
        labels: Array.from({ length: shape[index] }, (_, label) => label),
      }));
      const scene = memoryCube({
        dimensions: [...chosen, ...axes.map((axis) => dimensions[axis])] as Dimension[],
        grid,
        shape,
        data,
        valid,
        missing: input.missing,
        dataType: input.dataType,
      });
      return await scene.read({ grid: window.grid }, signal);
    },
  });
  return result;
}

function range(indices: readonly number[]): [first: number, count: number] {
  const first = Math.min(...indices);
  return [first, Math.max(...indices) - first + 1];
}

/** All of a range, in its order. */
function isPlain(indices: readonly number[], first: number): boolean {
  return indices.every((index, position) => index === first + position);
}

/**
 * The same cube with x and y as dimensions like others: labelled by coordinates, without a grid, at its native
 * resolution. For what needs whole rows, columns or scenes. Cubes without a grid are returned as they are.
 */
export function withLabels(input: Cube): Cube {
  const grid = input.grid;
  if (!grid) return input;
  const layers = layerDimensions(input);
  const x = input.dimensions.findIndex(
    (d) => isHorizontal(input, d) && d.type === 'spatial' && d.axis === 'x',
  );
  const y = input.dimensions.findIndex(
    (d) => isHorizontal(input, d) && d.type === 'spatial' && d.axis === 'y',
  );
  const dimensions = input.dimensions.map((dimension) =>
    isHorizontal(input, dimension)
      ? ({
          referenceSystem: grid.crs.epsg ?? grid.crs.definition,
          ...dimension,
          labels: labelsOf(input, dimension),
        } as Dimension)
      : dimension,
  );
  const result: Cube = deriveCube(input, {
    dimensions,
    grid: undefined,
    locality: 'whole',
    isGridFixed: false,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const wanted = dimensions.map((dimension) => selectedIndices(dimension, window));
      const lengths = wanted.map((indices) => indices.length);
      if (product(lengths) === 0) return missingBlock(result, window);
      const [column, width] = range(wanted[x]);
      const [row, height] = range(wanted[y]);
      const part = subGrid(grid, column, row, width, height);
      const select = new Map(
        layers.map((layer) => [layer.name, wanted[dimensions.findIndex((d) => d.name === layer.name)]]),
      );
      const block = await input.read({ grid: part, select }, signal);

      if (isPlain(wanted[x], column) && isPlain(wanted[y], row) && y === layers.length && x === y + 1)
        return { shape: lengths, data: block.data, valid: block.valid };

      // Where each dimension of ours lies in the block, whose last two axes are y and x.
      const steps = strides([...layers.map((layer) => select.get(layer.name)!.length), height, width]);
      const stepOf = dimensions.map((dimension, axis) =>
        axis === x
          ? 1
          : axis === y
            ? width
            : steps[layers.findIndex((layer) => layer.name === dimension.name)],
      );
      const offsets = wanted.map((indices, axis) =>
        indices.map((index, position) =>
          axis === x ? index - column : axis === y ? (index - row) * width : position * stepOf[axis],
        ),
      );
      const data = createValuesLike(block.data, product(lengths));
      const valid = block.valid && new Uint8Array(data.length);
      let position = 0;
      forEachIndex(lengths, (index) => {
        let source = 0;
        for (let axis = 0; axis < index.length; axis++) source += offsets[axis][index[axis]];
        copyValues(block.data, source, data, position, 1);
        if (valid) valid[position] = block.valid![source];
        position++;
      });
      return { shape: lengths, data, valid };
    },
  });
  return result;
}

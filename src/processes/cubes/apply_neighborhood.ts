import { ProcessException } from '../../base/errors';
import type { Grid } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, layerDimensions, type Window } from '../../raster/cube';
import { extentCoverage, latticeOver } from '../../raster/lattice';
import { allIndices, blockShape, layerLengths, missingBlock, product } from '../../raster/layers';
import { dropPixels } from '../../raster/missing-values';
import type { ProcessContext } from '../context';
import { BlockMosaic } from './block-mosaic';
import { asCallback } from './cube-callbacks';
import { dimensionsOfType, relabel, requireDimension, requireGrid } from './cube-dimensions';
import { arrayNeighborhoods } from './neighborhood-arrays';
import {
  type ChunkSize,
  invalidSize,
  type LabelChunk,
  labelChunks,
  type Neighborhoods,
  placesOf,
} from './neighborhood-labels';
import { chunksOf, pixelChunks } from './neighborhood-pixels';
import { pickedLabels } from './picked-labels';
import { onGrid, sameShape } from './sub-cube';
import { rangesLike } from './value-range';

function byDimension(cube: Cube, entries: readonly ChunkSize[], parameter: string): Map<string, ChunkSize> {
  const found = new Map<string, ChunkSize>();
  for (const entry of entries) {
    requireDimension(cube, entry.dimension);
    if (found.has(entry.dimension)) throw invalidSize(parameter, `"${entry.dimension}" is in it twice`);
    found.set(entry.dimension, entry);
  }
  return found;
}

/** Combinations of one chunk of each dimension. */
function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>(
    (found, list) => found.flatMap((before) => list.map((item) => [...before, item])),
    [[]],
  );
}

export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const cube = args.data as Cube;
  const native = requireGrid(cube, 'apply_neighborhood', 'data');
  const callback = asCallback(args.process);
  const sizes = byDimension(cube, args.size as readonly ChunkSize[], 'size');
  const overlaps = byDimension(cube, (args.overlap ?? []) as readonly ChunkSize[], 'overlap');
  const layers = layerDimensions(cube);
  const axis = (name: 'x' | 'y') =>
    dimensionsOfType(cube, 'spatial').find((dimension) => dimension.axis === name)!.name;
  const names = { x: axis('x'), y: axis('y') };
  const plan: Neighborhoods = {
    labels: layers.map((layer) => labelChunks(layer, sizes.get(layer.name), overlaps.get(layer.name))),
    pixels: (grid) => ({
      x: pixelChunks(grid, 'x', sizes.get(names.x), overlaps.get(names.x)),
      y: pixelChunks(grid, 'y', sizes.get(names.y), overlaps.get(names.y)),
    }),
  };
  const own = plan.pixels(native);
  const asArrays = arrayNeighborhoods(cube, plan, callback, args.context);
  if (asArrays) return asArrays;

  const base = (grid: Grid, chunks: readonly LabelChunk[]) =>
    onGrid(
      layers.reduce(
        (part, layer, position) =>
          pickedLabels(part, relabelled(part, layer.name, chunks[position]), chunks[position].sources),
        cube,
      ),
      grid,
    );
  const relabelled = (part: Cube, name: string, chunk: LabelChunk) => {
    const dimension = requireDimension(part, name);
    const isWhole =
      chunk.sources.length === dimension.labels?.length && chunk.sources.every((s, i) => s === i);
    return isWhole ? dimension : relabel(dimension, chunk.labels);
  };
  const applied = async (grid: Grid, chunks: readonly LabelChunk[], readSignal: AbortSignal) => {
    const input = base(grid, chunks);
    return sameShape(await callback.call({ data: input, context: args.context ?? null }, readSignal), input);
  };
  // Nothing is read for it: cubes say what they are before their pixels are known.
  const [first] = chunksOf({ grid: native, column: 0, row: 0 }, native, own.x, own.y);
  const sample =
    first && plan.labels.every((chunks) => chunks.length > 0)
      ? await applied(
          first.grid,
          plan.labels.map(([chunk]) => chunk),
          signal,
        )
      : cube;

  const result: Cube = deriveCube(cube, {
    dimensions: rangesLike(cube.dimensions, sample.dimensions),
    dataType: sample.dataType,
    missing: sample.missing,
    locality: sample.locality,
    async read(window: Window, readSignal: AbortSignal): Promise<Block> {
      const grid = window.grid!;
      const lengths = layerLengths(cube, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      const lattice = latticeOver(native, grid);
      const cover = extentCoverage(native, grid);
      if (cover === 'none') return missingBlock(result, window);
      const mosaic = new BlockMosaic(result, window);
      const wanted = layers.map(
        ({ name, labels }) => window.select?.get(name) ?? allIndices(labels?.length ?? 0),
      );
      const { x, y } = plan.pixels(lattice.grid);
      for (const chunks of combinations(plan.labels)) {
        const taken = chunks.map((chunk, position) => placesOf(chunk, wanted[position]));
        if (taken.some(({ places }) => places.length === 0)) continue;
        const select = new Map(layers.map(({ name }, position) => [name, taken[position].labels]));
        for (const pixels of chunksOf(lattice, grid, x, y)) {
          readSignal.throwIfAborted();
          const part = await applied(pixels.grid, chunks, readSignal);
          if (part.missing !== result.missing && result.missing === 'nan')
            throw new ProcessException(
              'DataCubePropertiesImmutable',
              'The process makes values of another kind for some neighbourhoods than for others.',
            );
          const block = await part.read({ grid: pixels.core, select }, readSignal);
          mosaic.put(
            block,
            part.missing,
            taken.map(({ places }) => places),
            pixels.column,
            pixels.row,
          );
        }
      }
      return cover === 'all' ? mosaic.block : dropPixels(mosaic.block, result.missing, cover);
    },
  });
  return result;
}

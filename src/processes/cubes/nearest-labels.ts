import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  layerDimensions,
  type Window,
} from '../../raster/cube';
import {
  allIndices,
  blockShape,
  copyValues,
  createValuesLike,
  layerLengths,
  missingBlock,
  planeLength,
  product,
} from '../../raster/layers';
import { isMissingAt } from '../../raster/missing-values';
import { inRowChunks } from '../../raster/row-chunks';
import { replaceDimension } from '../../raster/select-labels';

/** Positions of the instants nearest to another one, nearest first; of two equally near ones the earlier first. */
export function byDistance(instants: readonly number[], target: number): number[] {
  const distance = (index: number) => Math.abs(instants[index] - target);
  return allIndices(instants.length).sort(
    (one, other) => distance(one) - distance(other) || instants[one] - instants[other] || one - other,
  );
}

/**
 * The cube with another dimension in the place of one of the same name, in which every pixel takes its first
 * valid value among the candidates of a label: neither no-data, nor NaN, nor infinite.
 * @param candidates for each new label positions on the old dimension, the preferred one first.
 */
export function firstValidLabels(
  cube: Cube,
  dimension: Dimension,
  candidates: readonly (readonly number[])[],
): Cube {
  const { name } = dimension;
  const position = layerDimensions(cube).findIndex((layer) => layer.name === name);
  const result: Cube = deriveCube(cube, {
    dimensions: replaceDimension(cube, name, dimension),
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      const wanted = window.select?.get(name)?.map((index) => candidates[index]) ?? candidates;
      const read = [...new Set(wanted.flat())].sort((one, other) => one - other);
      if (read.length === 0 || product(blockShape(lengths, window)) === 0)
        return missingBlock(result, window);
      const places = new Map(read.map((source, place) => [source, place]));
      const before = product(lengths.slice(0, position));
      const others = product(lengths) / wanted.length;
      return await inRowChunks(window, others * (read.length + wanted.length), async (part) => {
        const block = await cube.read({ ...part, select: new Map(part.select).set(name, read) }, signal);
        const after = product(lengths.slice(position + 1)) * planeLength(part);
        const found = new Uint8Array(before * wanted.length * after);
        const isNan = cube.missing === 'nan';
        const data = createValuesLike(block.data, found.length);
        if (isNan) (data as Float64Array).fill(Number.NaN);
        for (let piece = 0; piece < before; piece++)
          for (let label = 0; label < wanted.length; label++) {
            const to = (piece * wanted.length + label) * after;
            for (const source of wanted[label]) {
              const start = (piece * read.length + places.get(source)!) * after;
              for (let i = 0; i < after; i++) {
                if (found[to + i] === 1 || isMissingAt(block, cube.missing, start + i)) continue;
                const value = block.data[start + i];
                if (typeof value === 'number' && !Number.isFinite(value)) continue;
                found[to + i] = 1;
                copyValues(block.data, start + i, data, to + i, 1);
              }
            }
          }
        return {
          grid: part.grid,
          shape: blockShape(lengths, part),
          data,
          valid: isNan ? undefined : found,
        };
      });
    },
  });
  return result;
}

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
  layerLengths,
  missingBlock,
  planeLength,
  product,
} from '../../raster/layers';
import { replaceDimension } from '../../raster/select-labels';
import { pickAlong } from '../../raster/transpose';

/**
 * The cube with another dimension in the place of one of the same name: each new label takes the values of an
 * old one, so labels can be repeated; those with the position −1 have no data.
 */
export function pickedLabels(cube: Cube, dimension: Dimension, sources: readonly number[]): Cube {
  const { name } = dimension;
  const position = layerDimensions(cube).findIndex((layer) => layer.name === name);
  const result: Cube = deriveCube(cube, {
    dimensions: replaceDimension(cube, name, dimension),
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      const wanted = (window.select?.get(name) ?? allIndices(sources.length)).map((index) => sources[index]);
      const read = [...new Set(wanted.filter((source) => source >= 0))].sort((one, other) => one - other);
      if (read.length === 0 || product(blockShape(lengths, window)) === 0)
        return missingBlock(result, window);
      const block = await cube.read({ ...window, select: new Map(window.select).set(name, read) }, signal);
      const places = new Map(read.map((source, place) => [source, place]));
      const before = product(lengths.slice(0, position));
      const after = product(lengths.slice(position + 1)) * planeLength(window);
      const hasGaps = wanted.includes(-1);
      const values = hasGaps && cube.missing === 'mask' ? fullyValid(block) : block;
      const picked = pickAlong(
        values,
        before,
        read.length,
        after,
        wanted.map((source) => places.get(source) ?? 0),
      );
      const shape = blockShape(lengths, window);
      if (!hasGaps) return { grid: window.grid, shape, data: picked.data, valid: picked.valid };
      // A gap took values of another label above; the array is a copy, since its labels differ from those read.
      const { data, valid } = picked;
      wanted.forEach((source, place) => {
        if (source >= 0) return;
        for (let piece = 0; piece < before; piece++) {
          const start = (piece * wanted.length + place) * after;
          if (valid) valid.fill(0, start, start + after);
          else (data as Float64Array).fill(Number.NaN, start, start + after);
        }
      });
      return { grid: window.grid, shape, data, valid };
    },
  });
  return result;
}

function fullyValid(block: Block): Block {
  return block.valid ? block : { ...block, valid: new Uint8Array(block.data.length).fill(1) };
}

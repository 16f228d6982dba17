import { type Block, type Cube, type Dimension, deriveCube, type Window } from './cube';
import { blockShape, layerLengths, missingBlock } from './layers';

/** The cube with one more dimension, the first one, that has a single label. */
export function addSingleLabel(cube: Cube, dimension: Dimension): Cube {
  const { name } = dimension;
  const result: Cube = deriveCube(cube, {
    dimensions: [dimension, ...cube.dimensions],
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const wanted = window.select?.get(name);
      if (wanted && wanted.length === 0) return missingBlock(result, window);
      const select = new Map(window.select);
      select.delete(name);
      const block = await cube.read({ ...window, select }, signal);
      return { ...block, shape: [1, ...block.shape] };
    },
    fuse: (step) => {
      const fused = cube.fuse?.(step);
      return fused && addSingleLabel(fused, dimension);
    },
  });
  return result;
}

/** The cube without a dimension of layers that has a single label. */
export function dropSingleLabel(cube: Cube, name: string): Cube {
  const result: Cube = deriveCube(cube, {
    dimensions: cube.dimensions.filter((dimension) => dimension.name !== name),
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const block = await cube.read({ ...window, select: new Map(window.select).set(name, [0]) }, signal);
      return { ...block, shape: blockShape(layerLengths(result, window), window) };
    },
    fuse: (step) => {
      const fused = cube.fuse?.(step);
      return fused && dropSingleLabel(fused, name);
    },
  });
  return result;
}

/** The cube with a dimension renamed. */
export function renameDimension(cube: Cube, source: string, target: string): Cube {
  return deriveCube(cube, {
    dimensions: cube.dimensions.map((dimension) =>
      dimension.name === source ? { ...dimension, name: target } : dimension,
    ),
    read(window: Window, signal: AbortSignal): Promise<Block> {
      if (!window.select?.has(target)) return cube.read(window, signal);
      const select = new Map(window.select).set(source, window.select.get(target)!);
      select.delete(target);
      return cube.read({ ...window, select }, signal);
    },
  });
}

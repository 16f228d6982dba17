import { type Cube, deriveCube } from '../raster/cube';
import { layerLengths, planeLength, product } from '../raster/layers';

/** The values that a sink reads of a cube on its own grid. */
export function valueCount(cube: Cube): number {
  const planes = product(layerLengths(cube, {}));
  return planes * (cube.grid ? cube.grid.width * cube.grid.height : 1);
}

/** The same cube, which tells how many values were read of it. */
export function countReads(cube: Cube, onRead: (values: number) => void): Cube {
  const { indexed } = cube;
  return deriveCube(cube, {
    async read(window, signal) {
      const block = await cube.read(window, signal);
      onRead(product(layerLengths(cube, window)) * planeLength(window));
      return block;
    },
    indexed: indexed && {
      palette: indexed.palette,
      async read(window, signal) {
        const indices = await indexed.read(window, signal);
        onRead(product(layerLengths(cube, {})) * planeLength(window));
        return indices;
      },
    },
  });
}

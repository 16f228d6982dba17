import { padGrid } from '../geo/grid';
import { type Block, type Cube, deriveCube } from '../raster/cube';

/** Copies the middle of every layer. */
function crop(block: Block, width: number, height: number, margin: number): Block {
  const layers = block.shape.slice(0, -2).reduce((product, length) => product * length, 1);
  const wide = width + 2 * margin;
  const tall = height + 2 * margin;
  const cut = <T extends { slice(start: number, end: number): T; set?(values: T, at: number): void }>(
    source: T,
    make: (length: number) => T,
  ): T => {
    const out = make(layers * width * height);
    for (let row = 0; row < layers * height; row++) {
      const layer = Math.floor(row / height);
      const from = (layer * tall + margin + (row % height)) * wide + margin;
      out.set?.(source.slice(from, from + width), row * width);
    }
    return out;
  };
  const data = block.data as Float64Array;
  const make = (length: number) => new (data.constructor as Float64ArrayConstructor)(length);
  return {
    ...block,
    shape: [...block.shape.slice(0, -2), height, width],
    data: cut(data, make),
    valid: block.valid && cut(block.valid, (length) => new Uint8Array(length)),
  };
}

/** A cube whose windows are computed with `pixels` more on each side, which are then cut off. */
export function bufferedCube(cube: Cube, pixels: number): Cube {
  if (pixels === 0 || !cube.grid || cube.dataType === 'text') return cube;
  return deriveCube(cube, {
    async read(window, signal) {
      const { grid } = window;
      if (!grid) return cube.read(window, signal);
      const block = await cube.read({ ...window, grid: padGrid(grid, pixels) }, signal);
      return { ...crop(block, grid.width, grid.height, pixels), grid };
    },
  });
}

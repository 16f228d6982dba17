import type { Block, Window } from './cube';
import { copyValues, createValuesLike, planeLength, product, type Values } from './layers';
import { readPart } from './memory/reads';
import { widest } from './missing-values';

/** Values that a process may hold at once while it makes a window; larger windows are made by rows. */
const chunkValues = 1 << 24;

/** The same for processes that look at a whole scene once and keep nothing of it: smaller strips cost them nothing. */
export const scanValues = 1 << 21;

/**
 * Makes a window in strips of rows, so that what `make` reads for a strip stays below {@link chunkValues}.
 * @param perPixel values that `make` reads for each pixel.
 */
export async function inRowChunks(
  window: Window,
  perPixel: number,
  make: (window: Window) => Promise<Block>,
): Promise<Block> {
  const grid = window.grid;
  if (!grid || planeLength(window) * perPixel <= chunkValues) return await make(window);
  const rows = Math.max(1, Math.floor(chunkValues / (grid.width * perPixel)));
  let whole: { shape: number[]; data: Values; valid?: Uint8Array } | undefined;
  for (let row = 0; row < grid.height; row += rows) {
    const height = Math.min(rows, grid.height - row);
    const strip = { ...grid, originY: grid.originY - row * grid.resY, height };
    const block = await readPart(() => make({ ...window, grid: strip }));
    const lengths = block.shape.slice(0, -2);
    const layers = product(lengths);
    const plane = grid.width * grid.height;
    whole ??= {
      shape: [...lengths, grid.height, grid.width],
      data: createValuesLike(block.data, layers * plane),
      valid: block.valid && new Uint8Array(layers * plane).fill(1),
    };
    if (whole.data.constructor !== block.data.constructor) {
      const wider = createValuesLike(widest(whole.data, block.data), whole.data.length);
      copyValues(whole.data, 0, wider, 0, wider.length);
      whole.data = wider;
    }
    if (block.valid) whole.valid ??= new Uint8Array(layers * plane).fill(1);
    for (let layer = 0; layer < layers; layer++) {
      const from = layer * height * grid.width;
      const to = layer * plane + row * grid.width;
      copyValues(block.data, from, whole.data, to, height * grid.width);
      if (block.valid) whole.valid!.set(block.valid.subarray(from, from + height * grid.width), to);
    }
  }
  return { grid, ...whole! };
}

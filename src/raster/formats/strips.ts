import { createAreaReader } from './area-reader';
import type { Area, Pixels, Raster } from './layers';

/** Values that a writer of rows holds at once. */
const stripValues = 4 << 20;

export interface Strip {
  readonly area: Area;
  readonly pixels: Pixels;
}

/** How many rows are read at once, for a raster read whole in width. */
export function stripRows(raster: Raster): number {
  const perRow = raster.grid.width * raster.layers.length;
  return Math.min(raster.grid.height, Math.max(1, Math.floor(stripValues / perRow)));
}

/** A raster from top to bottom in strips of whole rows; the next one is read while the last is used. */
export async function* readStrips(raster: Raster, signal: AbortSignal): AsyncGenerator<Strip> {
  const { width, height } = raster.grid;
  const read = createAreaReader(raster, signal);
  const rows = stripRows(raster);
  const start = (row: number) => {
    const area = { column: 0, row, width, height: Math.min(rows, height - row) };
    const strip = read(area).then((pixels) => ({ area, pixels }));
    // Whoever awaits it later gets the error; until then it must not count as unhandled.
    strip.catch(() => {});
    return strip;
  };
  let next = start(0);
  for (let row = 0; row < height; row += rows) {
    const strip = await next;
    if (row + rows < height) next = start(row + rows);
    yield strip;
  }
}

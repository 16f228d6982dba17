import { type Area, coverage } from './crop';
import { type Block, type Cube, deriveCube, gridBounds, type Indexed, type Window } from './cube';
import { missingBlock } from './layers';
import { dropPixels } from './missing-values';

/** The first palette entry that shows nothing. */
function transparentEntry({ palette }: Indexed): number | undefined {
  for (let entry = 0; entry * 4 < palette.length; entry++) if (palette[entry * 4 + 3] === 0) return entry;
  return undefined;
}

function cropIndexed(indexed: Indexed, area: Area): Indexed | undefined {
  const blank = transparentEntry(indexed);
  if (blank === undefined) return undefined;
  return {
    palette: indexed.palette,
    async read(window, signal) {
      const { width, height } = window.grid!;
      const cover = coverage(window.grid!, area);
      if (cover === 'none') return new Uint8Array(width * height).fill(blank);
      const indices = await indexed.read(window, signal);
      return cover === 'all' ? indices : indices.map((index, pixel) => (cover[pixel] ? index : blank));
    },
  };
}

/**
 * A cube that has no data beyond the grid that it is on, for sinks that bring a grid of their own. Readers
 * have none there anyway, but callbacks can make values out of missing ones, and those are true only
 * of the pixels that the cube has.
 */
export function withinOwnExtent(cube: Cube): Cube {
  const { grid } = cube;
  if (!grid) return cube;
  const boxes = grid.width > 0 && grid.height > 0 ? [gridBounds(grid)] : [];
  const area: Area = { crs: grid.crs, boxes };
  const result: Cube = deriveCube(cube, {
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const cover = coverage(window.grid!, area);
      if (cover === 'none') return missingBlock(result, window);
      const block = await cube.read(window, signal);
      return cover === 'all' ? block : dropPixels(block, cube.missing, cover);
    },
    indexed: cube.indexed && cropIndexed(cube.indexed, area),
  });
  return result;
}

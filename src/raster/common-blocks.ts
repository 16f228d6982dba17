import { sameCrs } from '../geo/crs';
import type { SourceBlocks } from './cube';
import type { TiffFile } from './tiff/open';

/** Blocks of coarser bands that are larger are left alone: windows would be. */
const largestSide = 2048;
/** Part of a pixel by which corners and sizes may be off. */
const tolerance = 1e-3;

/**
 * How files are cut into blocks, in pixels of the finest: as that one is, or as a coarser one whose blocks are made of
 * some of it each, such as bands of 10 and 20 m of one scene.
 */
export function commonBlocks(finest: TiffFile, files: readonly TiffFile[]): SourceBlocks {
  const [{ image }] = finest.levels;
  const own = { grid: finest.grid, width: image.blockWidth, height: image.blockHeight };
  return files.reduce((blocks, file) => widened(blocks, file) ?? blocks, own);
}

function widened(blocks: SourceBlocks, { grid, levels: [{ image }] }: TiffFile): SourceBlocks | undefined {
  const own = blocks.grid;
  if (!sameCrs(grid.crs, own.crs)) return undefined;
  const width = (image.blockWidth * grid.resX) / own.resX;
  const height = (image.blockHeight * grid.resY) / own.resY;
  const [dx, dy] = [(grid.originX - own.originX) / own.resX, (own.originY - grid.originY) / own.resY];
  const isMultiple = (length: number, step: number) =>
    Math.abs(length - Math.round(length / step) * step) < tolerance;
  const fits =
    Math.max(width, height) <= largestSide &&
    width >= blocks.width &&
    height >= blocks.height &&
    [width, dx].every((length) => isMultiple(length, blocks.width)) &&
    [height, dy].every((length) => isMultiple(length, blocks.height));
  if (!fits) return undefined;
  return {
    grid: { ...own, originX: grid.originX, originY: grid.originY },
    ...{ width: Math.round(width), height: Math.round(height) },
  };
}

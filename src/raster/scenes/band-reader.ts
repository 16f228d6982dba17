import { createPace } from '../../base/pace';
import { transformBounds } from '../../geo/crs';
import { gridsEqual, subGrid } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import { gridBounds } from '../cube';
import type { Resampling } from '../source';
import { alignedOffset, takeAligned } from '../warp/aligned';
import { createMapping, type Mapping } from '../warp/mapping';
import type { Missing, Output, Patch } from '../warp/patch';
import { reachOf, resamplePlane } from '../warp/resample-plane';
import { sourceWindow } from '../warp/source-window';
import { chooseLevel, reduction } from './levels';
import type { PixelWindow } from './patches';

/** Output pixels per side that are warped at once: bounds the source pixels held in memory. */
export const chunkPx = 1024;
/** A chunk that needs more source pixels is halved. */
const chunkSourcePx = 2 ** 24;
/** Part of a source pixel by which positions may be off. */
const tolerance = 0.001;

/** One resolution of a picture. */
export interface PyramidLevel {
  readonly image: { readonly width: number; readonly height: number };
  /** Pixels of the full resolution per pixel. */
  readonly factorX: number;
  readonly factorY: number;
}

/** A picture in one or several resolutions, from the full one down. */
export interface Pyramid<Level extends PyramidLevel> {
  readonly key: string;
  /** Of the full resolution. */
  readonly grid: Grid;
  readonly levels: readonly Level[];
}

/** Reads rectangles of pixels of one sample. */
export interface PatchSource<Level extends PyramidLevel, File extends Pyramid<Level>> {
  /** @param extent the pixels that this and other windows can be of; absent: any */
  read(
    file: File,
    level: Level,
    sample: number,
    window: PixelWindow,
    signal: AbortSignal,
    extent?: PixelWindow,
  ): Promise<Patch>;
}

/** One sample of a picture, and what its numbers mean. */
export interface BandSource<File> {
  readonly file: File;
  readonly sample: number;
  readonly missing: Missing;
}

/**
 * Warps bands of files to one output grid. Positions are worked out once for all bands that lie on one
 * grid, so make one of these per window that is read.
 */
export class BandReader<Level extends PyramidLevel, File extends Pyramid<Level>> {
  readonly #levels = new Map<string, Level>();
  readonly #mappings: { target: Grid; source: Grid; level: string; mapping: Mapping }[] = [];
  readonly #extents = new Map<Level, PixelWindow>();
  readonly #rest: () => Promise<void> | undefined;

  constructor(
    readonly patches: PatchSource<Level, File>,
    readonly grid: Grid,
    readonly resampling: Resampling,
    readonly signal: AbortSignal,
    /** All that this and other windows can be of. */
    readonly extent?: Grid,
  ) {
    this.#rest = createPace(signal);
  }

  /** Fills an output of the grid's size with a band, as far as the file reaches. @throws OpenEOError `SourceUnreadable` */
  async read(band: BandSource<File>, out: Output): Promise<void> {
    const { width, height } = this.grid;
    const level = this.#level(band.file);
    for (let row = 0; row < height; row += chunkPx)
      for (let column = 0; column < width; column += chunkPx)
        await this.#chunk(
          band,
          level,
          column,
          row,
          Math.min(chunkPx, width - column),
          Math.min(chunkPx, height - row),
          out,
        );
  }

  #level(file: File): Level {
    let level = this.#levels.get(file.key);
    if (!level) {
      level = chooseLevel(file, reduction(this.grid, file.grid));
      this.#levels.set(file.key, level);
    }
    return level;
  }

  async #chunk(
    band: BandSource<File>,
    level: Level,
    column: number,
    row: number,
    width: number,
    height: number,
    out: Output,
  ): Promise<void> {
    this.signal.throwIfAborted();
    await this.#rest();
    const isWhole = width === this.grid.width && height === this.grid.height;
    const target = isWhole ? this.grid : subGrid(this.grid, column, row, width, height);
    const { image } = level;
    const aligned =
      this.resampling === 'near' ? alignedOffset(target, reducedGrid(band.file.grid, level)) : undefined;
    if (aligned && !goesRound(band.file.grid)) {
      await this.#copy(band, level, aligned, { column, row, width, height }, out);
      return;
    }
    const mapping = this.#mapping(target, band.file.grid, level);
    const wrapsX = goesRound(band.file.grid);
    const window = sourceWindow(
      mapping,
      { width: image.width, height: image.height, wrapsX },
      reachOf(this.resampling),
      // Nearest pixels are those of the middles of the outer pixels, not of their corners.
      this.resampling === 'near' ? 0.5 : 0,
    );
    if (!window) return;
    const needed = (window.x1 - window.x0) * (window.y1 - window.y0);
    if (needed > chunkSourcePx && (width > 1 || height > 1)) {
      const halfX = Math.ceil(width / 2);
      const halfY = Math.ceil(height / 2);
      for (const [x, w] of halves(width, halfX))
        for (const [y, h] of halves(height, halfY))
          await this.#chunk(band, level, column + x, row + y, w, h, out);
      return;
    }
    const patch = await this.#patch(band, level, window);
    if (isWhole) {
      resamplePlane(this.resampling, mapping, patch, band.missing, out);
      patch.release?.();
      return;
    }
    const part: Output = {
      data: new (out.data.constructor as Float32ArrayConstructor)(width * height).fill(Number.NaN),
      ...(out.valid && { valid: new Uint8Array(width * height) }),
      width,
    };
    resamplePlane(this.resampling, mapping, patch, band.missing, part);
    patch.release?.();
    for (let line = 0; line < height; line++) {
      const to = (row + line) * out.width + column;
      out.data.set(part.data.subarray(line * width, (line + 1) * width), to);
      if (part.valid) out.valid?.set(part.valid.subarray(line * width, (line + 1) * width), to);
    }
  }

  /** A chunk whose pixels are pixels of the file: only the blocks that they lie in are read. */
  async #copy(
    band: BandSource<File>,
    level: Level,
    offset: { readonly column: number; readonly row: number },
    part: { readonly column: number; readonly row: number; readonly width: number; readonly height: number },
    out: Output,
  ): Promise<void> {
    const { image } = level;
    const window = {
      x0: Math.max(0, offset.column),
      y0: Math.max(0, offset.row),
      x1: Math.min(image.width, offset.column + part.width),
      y1: Math.min(image.height, offset.row + part.height),
    };
    if (window.x0 >= window.x1 || window.y0 >= window.y1) return;
    const patch = await this.#patch(band, level, window);
    const begin = { column: offset.column - part.column, row: offset.row - part.row };
    takeAligned(patch, begin, band.missing, out);
    patch.release?.();
  }

  #patch({ file, sample }: BandSource<File>, level: Level, window: PixelWindow): Promise<Patch> {
    let extent = this.#extents.get(level);
    if (!extent && this.extent) {
      extent = extentIn(reducedGrid(file.grid, level), this.extent);
      this.#extents.set(level, extent);
    }
    return this.patches.read(file, level, sample, window, this.signal, extent);
  }

  #mapping(target: Grid, source: Grid, level: Level): Mapping {
    const { factorX, factorY } = level;
    const key = `${factorX}/${factorY}`;
    const known = this.#mappings.find(
      (entry) => entry.level === key && gridsEqual(entry.source, source) && gridsEqual(entry.target, target),
    );
    if (known) return known.mapping;
    const mapping = createMapping(target, reducedGrid(source, level), tolerance);
    if (this.#mappings.length >= 16) this.#mappings.shift();
    this.#mappings.push({ target, source, level: key, mapping });
    return mapping;
  }
}

/** The pixels of a grid that an extent has a part of. */
function extentIn(grid: Grid, extent: Grid): PixelWindow {
  const { west, east, north, south } = transformBounds(gridBounds(extent), extent.crs, grid.crs);
  return {
    x0: Math.floor((west - grid.originX) / grid.resX + tolerance),
    y0: Math.floor((grid.originY - north) / grid.resY + tolerance),
    x1: Math.ceil((east - grid.originX) / grid.resX - tolerance),
    y1: Math.ceil((grid.originY - south) / grid.resY - tolerance),
  };
}

/** The pixels of an overview, or of the file itself. */
export function reducedGrid(source: Grid, { factorX, factorY, image }: PyramidLevel): Grid {
  return {
    ...source,
    resX: source.resX * factorX,
    resY: source.resY * factorY,
    width: image.width,
    height: image.height,
  };
}

function halves(length: number, half: number): readonly (readonly [number, number])[] {
  return length === 1
    ? [[0, 1]]
    : [
        [0, half],
        [half, length - half],
      ];
}

/** True for an image of all longitudes: its first and last columns are neighbours. */
export function goesRound(grid: Grid): boolean {
  return grid.crs.isGeographic && Math.abs(grid.width * grid.resX - 360) < grid.resX / 2;
}

import type { TileAddress } from '../geo/types';
import { type SeedRange, tileAt, tileCount } from './seed-area';

/** What drawing ahead will take, as far as a sample tells. */
export interface SeedTrial {
  /** Tiles that will be looked at, exactly. */
  readonly tiles: number;
  readonly pixels: number;
  /** Of looking and drawing; what storing takes is not known. */
  readonly seconds: number;
  /** Of the tiles that will be drawn: those that are stored and still right count nothing. */
  readonly bytes: number;
}

/** After so long, zooms that are left are taken for like the last one. */
const enoughMs = 10_000;

/** The tiles in the middle of a zoom, in the order in which all are drawn, so that neighbours share what they share then. */
function middleOf(ranges: readonly SeedRange[], most: number): TileAddress[] {
  const count = tileCount(ranges);
  const first = Math.max(0, Math.floor((count - most) / 2));
  return Array.from({ length: Math.min(most, count) }, (_, index) => tileAt(ranges, first + index));
}

/**
 * Draws a few tiles of each zoom and multiplies; the smallest zoom comes first, so that what only the first tile takes
 * does not count many times.
 * @param atOnce tiles that are drawn side by side, as they will be
 * @param draw tells how large a tile is; undefined where it need not be drawn
 * @throws what `draw` throws; the signal's reason
 */
export async function trySeeding(
  ranges: readonly SeedRange[],
  atOnce: number,
  signal: AbortSignal,
  draw: (tile: TileAddress) => Promise<number | undefined>,
): Promise<Pick<SeedTrial, 'seconds' | 'bytes'>> {
  const since = performance.now();
  const total = { seconds: 0, bytes: 0 };
  let rate: { readonly seconds: number; readonly bytes: number } | undefined;
  for (const z of new Set(ranges.map((range) => range.z))) {
    signal.throwIfAborted();
    const level = ranges.filter((range) => range.z === z);
    if (!rate || performance.now() - since < enoughMs) {
      const tiles = middleOf(level, atOnce);
      const start = performance.now();
      const sizes = await Promise.all(tiles.map(draw));
      rate = {
        seconds: (performance.now() - start) / 1000 / tiles.length,
        bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) / tiles.length,
      };
    }
    total.seconds += rate.seconds * tileCount(level);
    total.bytes += rate.bytes * tileCount(level);
  }
  return total;
}

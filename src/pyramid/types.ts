import type { Bounds, TileAddress } from '../geo/types';

/** How tiles are addressed and what describes them; one file each in `layouts/`. */
export type LayoutId = 'xyz' | 'dzi' | 'zoomify' | 'iiif3';
export type TileFormat = 'png' | 'webp' | 'jpeg' | 'avif';
export type ArchiveId = 'none' | 'pmtiles' | 'mbtiles';

/** One zoom level of a pyramid. */
export interface PlannedLevel {
  /** 0 is the smallest of a plain image; the zoom of a map. */
  readonly z: number;
  /** Of the image at this level, in pixels; of a map: of the area that is covered. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Columns and rows, both ends included. */
  readonly x: readonly [min: number, max: number];
  readonly y: readonly [min: number, max: number];
  /** Tiles that are made: fewer than columns × rows where an area is left out. */
  readonly count: number;
}

/** What will be made: plain data, known before a pixel is read. */
export interface PyramidPlan {
  readonly kind: 'image' | 'map';
  readonly layout: LayoutId;
  readonly tileSizePx: number;
  /** Smallest first. */
  readonly levels: readonly PlannedLevel[];
  /** Tiles in all. */
  readonly total: number;
  /** Of the source, in pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** WGS 84; maps only. */
  readonly bounds?: Bounds;
  /** Whether a tile inside a level's range belongs to the plan; absent: all do. */
  includes?(tile: TileAddress): boolean;
}

/** A finished tile. */
export interface MadeTile {
  readonly body: Uint8Array;
  /** Nothing but transparency. */
  readonly isEmpty: boolean;
}

/** What a maker is asked for, and where it brings it. */
export interface TileWork {
  readonly signal: AbortSignal;
  /** Whether a tile belongs to the plan and is not there yet. */
  wants(tile: TileAddress): boolean;
  /**
   * Waits until there is room for more tiles in work, and starts them; they are stored while the maker goes on.
   * @param tiles that are made together
   * @param make makes them, in that order; what it reads before its first `await` may be used for something else once
   * `add` has resolved
   * @throws the first failure of any tile
   */
  add(tiles: readonly TileAddress[], make: () => Promise<readonly MadeTile[]>): Promise<void>;
}

/** Makes the tiles of one source, in the order that suits it. */
export interface TileMaker {
  readonly plan: PyramidPlan;
  /** Adds every tile that is wanted. @throws the signal's reason; OpenEOError of the source */
  make(work: TileWork): Promise<void>;
  close(): Promise<void>;
}

export interface FormatInfo {
  readonly mediaType: string;
  /** Without the dot, as addresses have it. */
  readonly extension: string;
  readonly hasAlpha: boolean;
  /** About the bytes of a tile's pixel, for estimates: measured on aerial imagery and painted maps. */
  readonly bytesPerPixel: number;
  readonly defaultQuality: number;
}

export const tileFormats: Readonly<Record<TileFormat, FormatInfo>> = {
  png: { mediaType: 'image/png', extension: 'png', hasAlpha: true, bytesPerPixel: 1.6, defaultQuality: 6 },
  webp: {
    mediaType: 'image/webp',
    extension: 'webp',
    hasAlpha: true,
    bytesPerPixel: 0.22,
    defaultQuality: 80,
  },
  jpeg: {
    mediaType: 'image/jpeg',
    extension: 'jpg',
    hasAlpha: false,
    bytesPerPixel: 0.32,
    defaultQuality: 80,
  },
  avif: {
    mediaType: 'image/avif',
    extension: 'avif',
    hasAlpha: true,
    bytesPerPixel: 0.16,
    defaultQuality: 55,
  },
};

/** Pixels of all tiles. At the edges tiles are in part empty: what is drawn counts. */
export function drawnPixels({ levels, tileSizePx }: PyramidPlan): number {
  return levels.reduce(
    (sum, { widthPx, heightPx, count }) => sum + Math.min(widthPx * heightPx, count * tileSizePx ** 2),
    0,
  );
}

/** All tiles of a plan, the finest level first, row by row. */
export function* plannedTiles({ levels, includes }: PyramidPlan): Generator<TileAddress> {
  for (const { z, x, y } of [...levels].reverse())
    for (let row = y[0]; row <= y[1]; row++)
      for (let column = x[0]; column <= x[1]; column++) {
        const tile = { z, x: column, y: row };
        if (!includes || includes(tile)) yield tile;
      }
}

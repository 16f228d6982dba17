/** A coordinate reference system that this program can transform. Made by `geo/crs.ts` only. */
export interface Crs {
  /** `EPSG:32633`, or `WKT:` and a digest for systems without an EPSG code. */
  readonly id: string;
  readonly epsg?: number;
  /** The definition that proj4 takes: a proj string or WKT. */
  readonly definition: string;
  readonly isGeographic: boolean;
}

/** A rectangle in the units of a reference system; north is the larger y. */
export interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/**
 * A north-up pixel grid. The outer corner of pixel (0, 0) is (`originX`, `originY`), the top left;
 * the centre of pixel (column, row) is (originX + (column + ½)·resX, originY − (row + ½)·resY).
 */
export interface Grid {
  readonly crs: Crs;
  readonly originX: number;
  readonly originY: number;
  /** Pixel width in units of the reference system, > 0. */
  readonly resX: number;
  /** Pixel height in units of the reference system, > 0. */
  readonly resY: number;
  readonly width: number;
  readonly height: number;
}

/** The address of a tile in a tile matrix set; y counts from the top (XYZ). */
export interface TileAddress {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

import { transformBounds, transformer, webMercator, wgs84 } from './crs';
import type { Bounds, Crs, Grid, TileAddress } from './types';

/** Columns and rows of a zoom level, both ends included. */
export interface TileRange {
  readonly x: readonly [min: number, max: number];
  readonly y: readonly [min: number, max: number];
}

/** A quad-tree of tiles over a rectangle; y counts from the top. */
export interface TileMatrixSet {
  readonly id: string;
  readonly crs: Crs;
  readonly maxZoom: number;
  /** True for whole numbers inside the matrix of an existing zoom level. */
  contains(tile: TileAddress): boolean;
  /** In units of `crs`. */
  bounds(tile: TileAddress): Bounds;
  /** The tile as an output grid of `sizePx`² pixels. */
  grid(tile: TileAddress, sizePx: number): Grid;
  /** The tile that holds a point; points beyond the set belong to the nearest tile. */
  tileAt(longitude: number, latitude: number, z: number): TileAddress;
  /** The tiles that touch bounds in WGS 84. For west > east (across the antimeridian): the whole width. */
  cover(bounds: Bounds, z: number): TileRange;
  /** The OGC TileMatrixSet document (two-dimensional TMS, version 2). */
  document(): Readonly<Record<string, unknown>>;
}

interface Definition {
  readonly id: string;
  readonly title: string;
  readonly crs: Crs;
  readonly uri: string;
  readonly crsUri: string;
  /** In units of the reference system. */
  readonly extent: Bounds;
  /** Tiles of level 0. */
  readonly columns: number;
  readonly rows: number;
  readonly metersPerUnit: number;
}

export const maxZoom = 24;
const tilePx = 256;
/** The pixel of the OGC's scale denominators, metres. */
const ogcPixel = 0.00028;
/** Half the side of the Web Mercator square, metres. */
export const mercatorHalf = Math.PI * 6378137;

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value));

function create(definition: Definition): TileMatrixSet {
  const { crs, extent, columns, rows } = definition;
  const width = (z: number) => (extent.east - extent.west) / (columns * 2 ** z);
  const height = (z: number) => (extent.north - extent.south) / (rows * 2 ** z);
  const toCrs = transformer(wgs84, crs);
  const bounds = ({ z, x, y }: TileAddress): Bounds => ({
    west: extent.west + x * width(z),
    south: extent.north - (y + 1) * height(z),
    east: extent.west + (x + 1) * width(z),
    north: extent.north - y * height(z),
  });
  const column = (value: number, z: number) =>
    clamp(Math.floor((value - extent.west) / width(z)), 0, columns * 2 ** z - 1);
  const row = (value: number, z: number) =>
    clamp(Math.floor((extent.north - value) / height(z)), 0, rows * 2 ** z - 1);
  /** Latitudes that a projection cannot show are moved to its edge. */
  const limit = transformBounds(extent, crs, wgs84);

  return Object.freeze({
    id: definition.id,
    crs,
    maxZoom,
    contains: ({ z, x, y }) =>
      Number.isInteger(z) &&
      Number.isInteger(x) &&
      Number.isInteger(y) &&
      z >= 0 &&
      z <= maxZoom &&
      x >= 0 &&
      y >= 0 &&
      x < columns * 2 ** z &&
      y < rows * 2 ** z,
    bounds,
    grid(tile, sizePx) {
      const { west, north } = bounds(tile);
      const resX = width(tile.z) / sizePx;
      const resY = height(tile.z) / sizePx;
      return { crs, originX: west, originY: north, resX, resY, width: sizePx, height: sizePx };
    },
    tileAt(longitude, latitude, z) {
      const [x, y] = toCrs.forward(longitude, clamp(latitude, limit.south, limit.north));
      return { z, x: column(x, z), y: row(y, z) };
    },
    cover(area, z) {
      const north = clamp(area.north, limit.south, limit.north);
      const south = clamp(area.south, limit.south, limit.north);
      const crosses = area.west > area.east;
      const [west, top] = toCrs.forward(crosses ? -180 : area.west, north);
      const [east, bottom] = toCrs.forward(crosses ? 180 : area.east, south);
      const first = { x: column(west, z), y: row(top, z) };
      // An edge that lies on a tile border doesn't touch the tile beyond it.
      const last = {
        x: clamp(Math.ceil((east - extent.west) / width(z) - 1e-9) - 1, first.x, columns * 2 ** z - 1),
        y: clamp(Math.ceil((extent.north - bottom) / height(z) - 1e-9) - 1, first.y, rows * 2 ** z - 1),
      };
      return { x: [first.x, last.x], y: [first.y, last.y] };
    },
    document: () => ({
      id: definition.id,
      title: definition.title,
      uri: definition.uri,
      crs: definition.crsUri,
      orderedAxes: crs.isGeographic ? ['Lon', 'Lat'] : ['E', 'N'],
      tileMatrices: Array.from({ length: maxZoom + 1 }, (_, z) => {
        const cellSize = width(z) / tilePx;
        return {
          id: String(z),
          scaleDenominator: (cellSize * definition.metersPerUnit) / ogcPixel,
          cellSize,
          cornerOfOrigin: 'topLeft',
          pointOfOrigin: [extent.west, extent.north],
          tileWidth: tilePx,
          tileHeight: tilePx,
          matrixWidth: columns * 2 ** z,
          matrixHeight: rows * 2 ** z,
        };
      }),
    }),
  } satisfies TileMatrixSet);
}

const sets: readonly TileMatrixSet[] = [
  create({
    id: 'WebMercatorQuad',
    title: 'Web Mercator, quad tree',
    crs: webMercator,
    uri: 'http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad',
    crsUri: 'http://www.opengis.net/def/crs/EPSG/0/3857',
    extent: { west: -mercatorHalf, south: -mercatorHalf, east: mercatorHalf, north: mercatorHalf },
    columns: 1,
    rows: 1,
    metersPerUnit: 1,
  }),
  create({
    id: 'WorldCRS84Quad',
    title: 'Longitude and latitude, quad tree of two root tiles',
    crs: wgs84,
    uri: 'http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad',
    crsUri: 'http://www.opengis.net/def/crs/OGC/1.3/CRS84',
    extent: { west: -180, south: -90, east: 180, north: 90 },
    columns: 2,
    rows: 1,
    metersPerUnit: (Math.PI * 6378137) / 180,
  }),
];

/** The sets that services may name. */
export const tileMatrixSetIds: readonly string[] = sets.map((set) => set.id);

/** The tile matrix set with this id. */
export function tileMatrixSet(id: string): TileMatrixSet | undefined {
  return sets.find((set) => set.id === id);
}

import { OpenEOError } from '../base/errors';
import { webMercator, wgs84 } from '../geo/crs';
import { mercatorHalf, type TileRange } from '../geo/tile-matrix-set';
import type { Bounds } from '../geo/types';
import { type Geometry, geometryBounds, partsOf, reprojectGeometry } from '../raster/vector/geometry';
import type { Polygon, Position } from '../raster/vector/polygons';
import { type Span, TileSpans } from './tile-spans';

/** A region that restricts a pyramid of a map. */
export interface TileArea {
  /** In Web Mercator metres. */
  readonly bounds: Bounds;
  /** The tiles of a zoom that the region overlaps. @throws OpenEOError `RequestInvalid` where that is too much to tell */
  cover(z: number, range: TileRange): TileSpans;
}

/** Edges that reach into a tile by less than this part of it don't reach it. */
const slack = 1e-6;
/** Rows that the edges of an area may pass through at one zoom, all together: a second of work. */
const maxSteps = 1_000_000;
/** Where the square of Web Mercator ends, in degrees. */
const lastLatitude = 85.0511287798066;

function invalid(reason: string): OpenEOError {
  return new OpenEOError('RequestInvalid', { reason });
}

/** The map ends before the poles do. @throws OpenEOError `RequestInvalid` for latitudes that there are not */
function onMap([longitude, latitude]: Position): [number, number] {
  if (Math.abs(latitude) > 90) throw invalid(`area has a position at the latitude ${latitude}.`);
  return [longitude, Math.min(lastLatitude, Math.max(-lastLatitude, latitude))];
}

/** The tiles of a row, or of a column, that lie between two of its points. */
function reach(from: number, to: number): Span {
  return [Math.floor(from + slack), Math.ceil(to - slack) - 1];
}

/** Follows the edges of polygons, in tile coordinates, through the rows of a zoom. */
class Follower {
  #steps = 0;

  constructor(
    private readonly z: number,
    private readonly rows: Span,
    private readonly spans: TileSpans,
  ) {}

  /** Adds the columns of each row that a polygon overlaps. @throws OpenEOError `RequestInvalid` after too many steps */
  follow(polygon: Polygon): void {
    const { spans } = this;
    const before = spans.size;
    // Where edges cross the middle of rows: between each two crossings lies the inside.
    const crossings = new Map<number, number[]>();
    for (const ring of polygon)
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) this.#edge(ring[j], ring[i], crossings);
    for (const [row, found] of crossings) {
      found.sort((one, other) => one - other);
      for (let i = 0; i + 1 < found.length; i += 2) spans.add(row, reach(found[i], found[i + 1]));
    }
    const [column, row] = (polygon[0]?.[0] ?? []).map((value) => Math.floor(value + slack));
    // What is smaller than the slack lies somewhere, too.
    if (spans.size === before && this.#isRow(row)) spans.add(row, [column, column]);
  }

  #isRow(row: number): boolean {
    return row >= this.rows[0] && row <= this.rows[1];
  }

  #edge(one: Position, other: Position, crossings: Map<number, number[]>): void {
    const [[ax, ay], [bx, by]] = one[1] < other[1] ? [one, other] : [other, one];
    const [first, last] = reach(ay, by);
    const [from, to] = [Math.max(first, this.rows[0]), Math.min(last, this.rows[1])];
    this.#steps += Math.max(0, to - from + 1);
    if (this.#steps > maxSteps)
      throw invalid(
        `area has too many edges to be followed at zoom ${this.z}; simplify it, or ask for a smaller maxzoom.`,
      );
    const xAt = (y: number) => ax + ((bx - ax) * (Math.min(by, Math.max(ay, y)) - ay)) / (by - ay);
    for (let row = from; row <= to; row++) {
      const ends = by > ay ? [xAt(row), xAt(row + 1)] : [ax, bx];
      this.spans.add(row, reach(Math.min(...ends), Math.max(...ends)));
      const middle = row + 0.5;
      if (middle < ay || middle >= by) continue;
      const found = crossings.get(row);
      if (found) found.push(xAt(middle));
      else crossings.set(row, [xAt(middle)]);
    }
  }
}

/** The region of geometries in longitude and latitude. @throws OpenEOError `RequestInvalid` where they have no area */
export function tileArea(geometries: readonly Geometry[]): TileArea {
  const polygons = geometries.flatMap((geometry) => {
    const clamped = partsOf(geometry).polygons.map((polygon) => polygon.map((ring) => ring.map(onMap)));
    return partsOf(reprojectGeometry({ type: 'MultiPolygon', coordinates: clamped }, wgs84, webMercator))
      .polygons;
  });
  const bounds = geometryBounds({ type: 'MultiPolygon', coordinates: polygons as Polygon[] });
  if (!bounds) throw invalid('area has no positions.');
  return {
    bounds,
    cover(z, { x, y }) {
      const side = (2 * mercatorHalf) / 2 ** z;
      const spans = new TileSpans(x);
      const follower = new Follower(z, y, spans);
      for (const polygon of polygons)
        follower.follow(
          polygon.map((ring) =>
            ring.map(([east, north]) => [(east + mercatorHalf) / side, (mercatorHalf - north) / side]),
          ),
        );
      spans.close();
      return spans;
    },
  };
}

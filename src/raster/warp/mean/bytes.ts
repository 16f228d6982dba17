import { followRow, newPath } from '../cell';
import type { Mapping } from '../mapping';

/** Planes of bytes of one rectangle of source pixels, all on the same layout. */
export interface BytePlanes {
  /** One or three. */
  readonly colours: readonly Uint8Array[];
  readonly opacity?: Uint8Array;
  /** 0 where a mask hides the colours. */
  readonly valid?: Uint8Array;
  /** What stands for no colour; NaN: nothing does. */
  readonly nodata: number;
  readonly stride: number;
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
  /** Columns (infinite where they go round the Earth) and rows of the whole source: pixels whose middle lies beyond it stay as they are. */
  readonly sourceColumns: number;
  readonly sourceRows: number;
}

/** Where the middles of pixels that are drawn lie: from, to below, counted from a rectangle's corner. */
export interface SourceEdges {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Edges this close to a pixel's edge don't touch the pixel beyond. */
const edge = 1e-9;
/** Middles this close to the source's edge lie on it. */
const onEdge = 1e-6;

export function sourceEdges({
  x0,
  y0,
  sourceColumns,
  sourceRows,
}: Pick<BytePlanes, 'x0' | 'y0' | 'sourceColumns' | 'sourceRows'>): SourceEdges {
  const right = sourceColumns - x0 - onEdge;
  const left = right === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : -x0 - onEdge;
  return { left, top: -y0 - onEdge, right, bottom: sourceRows - y0 - onEdge };
}

/**
 * Draws a picture whose pixels are the means of the source pixels under them, weighed by the parts that are covered: what
 * `aggregateWith` makes of each plane, for all of them in one pass and in whole numbers. A pixel that misses any of its
 * colours stays as it is.
 * @param out interleaved colours, and opacity as the last channel
 */
export function meanOfBytes(mapping: Mapping, planes: BytePlanes, out: Uint8Array): void {
  const upper = newPath();
  const lower = newPath();
  const { x0, y0, width: columns, height: lines } = planes;
  const { left, top, right, bottom } = sourceEdges(planes);
  const isPlain = planes.valid === undefined && Number.isNaN(planes.nodata);
  const draw =
    isPlain && planes.opacity === undefined
      ? planes.colours.length === 3
        ? drawColours
        : drawGrey
      : drawPartly;
  for (const cell of mapping.cells)
    for (let row = cell.row0; row < cell.row1; row++) {
      followRow(cell, row, upper);
      followRow(cell, row + 1, lower);
      for (let column = cell.column0; column < cell.column1; column++) {
        const t = column - cell.left;
        const s = t + 1;
        const xa = upper.ax + t * (upper.bx + t * upper.cx) - x0;
        const ya = upper.ay + t * (upper.by + t * upper.cy) - y0;
        const xb = lower.ax + s * (lower.bx + s * lower.cx) - x0;
        const yb = lower.ay + s * (lower.by + s * lower.cy) - y0;
        const middleX = (xa + xb) / 2;
        const middleY = (ya + yb) / 2;
        if (!(middleX >= left && middleX < right && middleY >= top && middleY < bottom)) continue;
        let west = Math.min(xa, xb);
        let east = Math.max(xa, xb);
        let north = Math.min(ya, yb);
        let south = Math.max(ya, yb);
        if (west < 0) west = 0;
        if (north < 0) north = 0;
        if (east > columns) east = columns;
        if (south > lines) south = lines;
        if (west < east && north < south)
          draw(planes, west, east, north, south, out, row * mapping.width + column);
      }
    }
}

/** The number of pixels up to an edge. */
function upTo(position: number): number {
  const whole = (position - edge) | 0;
  return whole < position - edge ? whole + 1 : whole;
}

function drawColours(
  { colours: [red, green, blue], stride }: BytePlanes,
  west: number,
  east: number,
  north: number,
  south: number,
  out: Uint8Array,
  pixel: number,
): void {
  const first = (west + edge) | 0;
  const last = upTo(east) - 1;
  const end = upTo(south);
  const weightFirst = last > first ? first + 1 - west : east - west;
  const weightLast = east - last;
  let r = 0;
  let g = 0;
  let b = 0;
  for (let line = (north + edge) | 0; line < end; line++) {
    const top = Math.max(line, north);
    const weight = Math.min(line + 1, south) - top;
    let at = line * stride + first;
    let lineR = red[at] * weightFirst;
    let lineG = green[at] * weightFirst;
    let lineB = blue[at] * weightFirst;
    if (last > first) {
      const stop = at + last - first;
      for (at++; at < stop; at++) {
        lineR += red[at];
        lineG += green[at];
        lineB += blue[at];
      }
      lineR += red[at] * weightLast;
      lineG += green[at] * weightLast;
      lineB += blue[at] * weightLast;
    }
    r += lineR * weight;
    g += lineG * weight;
    b += lineB * weight;
  }
  const scale = 1 / ((east - west) * (south - north));
  const to = pixel * 4;
  out[to] = (r * scale + 0.5) | 0;
  out[to + 1] = (g * scale + 0.5) | 0;
  out[to + 2] = (b * scale + 0.5) | 0;
  out[to + 3] = 255;
}

function drawGrey(
  { colours: [grey], stride }: BytePlanes,
  west: number,
  east: number,
  north: number,
  south: number,
  out: Uint8Array,
  pixel: number,
): void {
  const first = (west + edge) | 0;
  const last = upTo(east) - 1;
  const end = upTo(south);
  const weightFirst = last > first ? first + 1 - west : east - west;
  let sum = 0;
  for (let line = (north + edge) | 0; line < end; line++) {
    const top = Math.max(line, north);
    let at = line * stride + first;
    let along = grey[at] * weightFirst;
    if (last > first) {
      const stop = at + last - first;
      for (at++; at < stop; at++) along += grey[at];
      along += grey[at] * (east - last);
    }
    sum += along * (Math.min(line + 1, south) - top);
  }
  out[pixel * 2] = (sum / ((east - west) * (south - north)) + 0.5) | 0;
  out[pixel * 2 + 1] = 255;
}

const sums = new Float64Array(3);
const weights = new Float64Array(3);

function drawPartly(
  { colours, opacity, valid, nodata, stride }: BytePlanes,
  west: number,
  east: number,
  north: number,
  south: number,
  out: Uint8Array,
  pixel: number,
): void {
  const count = colours.length;
  const lastColumn = upTo(east);
  const lastLine = upTo(south);
  let opaque = 0;
  let area = 0;
  sums.fill(0);
  weights.fill(0);
  for (let line = (north + edge) | 0; line < lastLine; line++) {
    const weightY = Math.min(line + 1, south) - Math.max(line, north);
    for (let column = (west + edge) | 0; column < lastColumn; column++) {
      const at = line * stride + column;
      const weight = weightY * (Math.min(column + 1, east) - Math.max(column, west));
      area += weight;
      if (opacity !== undefined) opaque += opacity[at] * weight;
      if (valid !== undefined && valid[at] === 0) continue;
      for (let colour = 0; colour < count; colour++) {
        const value = colours[colour][at];
        if (value === nodata) continue;
        sums[colour] += value * weight;
        weights[colour] += weight;
      }
    }
  }
  for (let colour = 0; colour < count; colour++) if (weights[colour] === 0) return;
  const to = pixel * (count + 1);
  const alpha = opacity === undefined ? 255 : (opaque / area + 0.5) | 0;
  if (alpha === 0) return;
  for (let colour = 0; colour < count; colour++)
    out[to + colour] = (sums[colour] / weights[colour] + 0.5) | 0;
  out[to + count] = alpha;
}

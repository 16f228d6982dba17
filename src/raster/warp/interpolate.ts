import { type Cell, cellScale, followRow, newPath } from './cell';
import { type Filter, filters, widening } from './filters';
import type { Mapping } from './mapping';
import type { Missing, Output, Patch } from './patch';

const leastWeight = 1e-5;

/** How far a kernel reaches from a position, in source pixels. */
export function filterReach(filter: Filter): (cell: Cell) => readonly [number, number] {
  return (cell) => {
    const [x, y] = cellScale(cell);
    return [filter.radius * widening(x) + 1, filter.radius * widening(y) + 1];
  };
}

/**
 * Interpolates with a separable kernel, widened where an output pixel covers several source pixels
 * (antialiasing). Missing pixels carry no weight; an output pixel whose centre lies outside of the
 * source or on a missing pixel is missing.
 */
export function interpolateWith(
  filter: Filter,
  mapping: Mapping,
  patch: Patch,
  missing: Missing,
  out: Output,
): void {
  for (const cell of mapping.cells) {
    const [scaleX, scaleY] = cellScale(cell);
    const wideX = widening(scaleX);
    const wideY = widening(scaleY);
    if (wideX === 1 && wideY === 1 && filter === filters.bilinear && patch.valid === undefined)
      bilinearCell(cell, mapping.width, patch, missing, out);
    else filterCell(filter, wideX, wideY, cell, mapping.width, patch, missing, out);
  }
}

/** Bilinear, four pixels: the usual case. */
function bilinearCell(cell: Cell, width: number, patch: Patch, missing: Missing, out: Output): void {
  const { data, stride, width: columns, height: rows } = patch;
  const { nodata, isNan } = missing;
  const target = out.data;
  const { valid } = out;
  const path = newPath();
  for (let row = cell.row0; row < cell.row1; row++) {
    followRow(cell, row + 0.5, path);
    const { bx, cx, by, cy } = path;
    const ax = path.ax - patch.x0;
    const ay = path.ay - patch.y0;
    let t = cell.column0 - cell.left + 0.5;
    const end = row * width + cell.column1;
    for (let to = row * width + cell.column0; to < end; to++, t++) {
      const x = ax + t * (bx + t * cx);
      const y = ay + t * (by + t * cy);
      if (!(x >= 0 && y >= 0 && x < columns && y < rows)) continue;
      const middle = data[(y | 0) * stride + (x | 0)];
      if (middle === nodata || (isNan && Number.isNaN(middle))) continue;
      // Rounding down of x − ½ ≥ −½.
      const left = ((x + 0.5) | 0) - 1;
      const top = ((y + 0.5) | 0) - 1;
      const fx = x - 0.5 - left;
      const fy = y - 0.5 - top;
      const x1 = Math.max(0, left);
      const y1 = Math.max(0, top);
      const x2 = left + 1 >= columns ? columns - 1 : left + 1;
      const y2 = top + 1 >= rows ? rows - 1 : top + 1;
      const a = data[y1 * stride + x1];
      const b = data[y1 * stride + x2];
      const c = data[y2 * stride + x1];
      const d = data[y2 * stride + x2];
      const wa = (1 - fx) * (1 - fy);
      const wb = fx * (1 - fy);
      const wc = (1 - fx) * fy;
      const wd = fx * fy;
      let value = a * wa + b * wb + c * wc + d * wd;
      if (a === nodata || b === nodata || c === nodata || d === nodata || (isNan && Number.isNaN(value))) {
        let sum = 0;
        let weight = 0;
        if (a !== nodata && !(isNan && Number.isNaN(a))) {
          sum += a * wa;
          weight += wa;
        }
        if (b !== nodata && !(isNan && Number.isNaN(b))) {
          sum += b * wb;
          weight += wb;
        }
        if (c !== nodata && !(isNan && Number.isNaN(c))) {
          sum += c * wc;
          weight += wc;
        }
        if (d !== nodata && !(isNan && Number.isNaN(d))) {
          sum += d * wd;
          weight += wd;
        }
        if (weight < leastWeight) continue;
        value = sum / weight;
      }
      target[to] = value;
      if (valid !== undefined) valid[to] = 1;
    }
  }
}

/** Weights of the pixels from `first` to `last` around a position; returns their sum. */
function fillWeights(
  filter: Filter,
  weights: Float64Array,
  first: number,
  last: number,
  position: number,
  wide: number,
): number {
  let total = 0;
  if (filter === filters.bilinear) {
    const slope = 1 / wide;
    for (let pixel = first, k = 0; pixel <= last; pixel++, k++) {
      const distance = pixel - position;
      const weight = 1 - (distance < 0 ? -distance : distance) * slope;
      weights[k] = weight;
      total += weight;
    }
    return total;
  }
  for (let pixel = first, k = 0; pixel <= last; pixel++, k++) {
    const weight = filter.weight((pixel - position) / wide);
    weights[k] = weight;
    total += weight;
  }
  return total;
}

function filterCell(
  filter: Filter,
  wideX: number,
  wideY: number,
  cell: Cell,
  width: number,
  patch: Patch,
  missing: Missing,
  out: Output,
): void {
  const { data, stride, width: columns, height: rows, valid: mask } = patch;
  const { nodata, isNan } = missing;
  const target = out.data;
  const { valid } = out;
  // A kernel may be wider than all that there is.
  const reachX = Math.min(filter.radius * wideX, columns + 1);
  const reachY = Math.min(filter.radius * wideY, rows + 1);
  const weightsX = new Float64Array(Math.ceil(reachX * 2) + 2);
  const weightsY = new Float64Array(Math.ceil(reachY * 2) + 2);
  const path = newPath();
  const hasLobes = filter.radius > 1 && filter !== filters.cubicspline;
  for (let row = cell.row0; row < cell.row1; row++) {
    followRow(cell, row + 0.5, path);
    const { bx, cx, by, cy } = path;
    const ax = path.ax - patch.x0;
    const ay = path.ay - patch.y0;
    let t = cell.column0 - cell.left + 0.5;
    const end = row * width + cell.column1;
    for (let to = row * width + cell.column0; to < end; to++, t++) {
      const x = ax + t * (bx + t * cx);
      const y = ay + t * (by + t * cy);
      if (!(x >= 0 && y >= 0 && x < columns && y < rows)) continue;
      const center = (y | 0) * stride + (x | 0);
      const middle = data[center];
      if (middle === nodata || (mask !== undefined && mask[center] === 0)) continue;
      const fx = x - 0.5;
      const fy = y - 0.5;
      // To 32-bit integers, so that the loops below count in them.
      let left = Math.ceil(fx - reachX) | 0;
      let right = Math.floor(fx + reachX) | 0;
      let top = Math.ceil(fy - reachY) | 0;
      let bottom = Math.floor(fy + reachY) | 0;
      if (left < 0) left = 0;
      if (top < 0) top = 0;
      if (right >= columns) right = columns - 1;
      if (bottom >= rows) bottom = rows - 1;
      const weight =
        fillWeights(filter, weightsX, left, right, fx, wideX) *
        fillWeights(filter, weightsY, top, bottom, fy, wideY);
      const count = right - left + 1;
      let sum = 0;
      let isComplete = mask === undefined;
      for (let line = top, at = top * stride + left; line <= bottom; line++, at += stride) {
        let lineSum = 0;
        for (let k = 0; k < count; k++) {
          const value = data[at + k];
          if (value === nodata) isComplete = false;
          lineSum += value * weightsX[k];
        }
        sum += lineSum * weightsY[line - top];
      }
      let value = sum / weight;
      if (!isComplete || Number.isNaN(value)) {
        if (isNan && Number.isNaN(middle)) continue;
        // Negative weights without their positive neighbours overshoot: the linear kernel takes their place.
        value = hasLobes
          ? linearAt(fx, fy, wideX, wideY, patch, missing)
          : incompleteAt(left, right, top, bottom, weightsX, weightsY, patch, missing);
        // Where NaN is a value like others it spreads; else it says that nothing was found.
        if (Number.isNaN(value) && (isNan || !Number.isNaN(sum))) continue;
      }
      target[to] = value;
      if (valid !== undefined) valid[to] = 1;
    }
  }
}

/** The weighted mean where some pixels may be missing; NaN without any weight. */
function incompleteAt(
  left: number,
  right: number,
  top: number,
  bottom: number,
  weightsX: Float64Array,
  weightsY: Float64Array,
  patch: Patch,
  missing: Missing,
): number {
  const { data, stride, valid: mask } = patch;
  let sum = 0;
  let weight = 0;
  for (let line = top; line <= bottom; line++)
    for (let pixel = left; pixel <= right; pixel++) {
      const at = line * stride + pixel;
      const value = data[at];
      if (value === missing.nodata || (missing.isNan && Number.isNaN(value)) || mask?.[at] === 0) continue;
      const part = weightsX[pixel - left] * weightsY[line - top];
      sum += value * part;
      weight += part;
    }
  return weight < leastWeight ? Number.NaN : sum / weight;
}

/** The widened linear kernel at one position; NaN without any weight. */
function linearAt(
  fx: number,
  fy: number,
  wideX: number,
  wideY: number,
  patch: Patch,
  missing: Missing,
): number {
  const { data, stride, valid: mask } = patch;
  let sum = 0;
  let weight = 0;
  const bottom = Math.min(patch.height - 1, Math.floor(fy + wideY));
  const right = Math.min(patch.width - 1, Math.floor(fx + wideX));
  for (let line = Math.max(0, Math.ceil(fy - wideY)); line <= bottom; line++)
    for (let column = Math.max(0, Math.ceil(fx - wideX)); column <= right; column++) {
      const at = line * stride + column;
      const value = data[at];
      if (value === missing.nodata || (missing.isNan && Number.isNaN(value)) || mask?.[at] === 0) continue;
      const part = (1 - Math.abs(column - fx) / wideX) * (1 - Math.abs(line - fy) / wideY);
      sum += value * part;
      weight += part;
    }
  return weight < leastWeight ? Number.NaN : sum / weight;
}

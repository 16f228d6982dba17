import { type Cell, followRow, newPath, type RowPath } from './cell';
import type { Mapping } from './mapping';
import { NearVectors } from './near-vectors';
import type { Missing, Output, Patch } from './patch';

/**
 * A position this close below a pixel's edge counts as beyond it: when edges of output pixel centres
 * and source pixels coincide, rounding must not decide.
 */
const edge = 1e-6;

type Geometry = Pick<Patch, 'stride' | 'x0' | 'y0' | 'width' | 'height'>;

/** For each output pixel the place of its source pixel in a patch's data, or −1. */
export function nearIndex(mapping: Mapping, patch: Geometry): Int32Array {
  const index = new Int32Array(mapping.width * mapping.height);
  fillIndex(mapping, patch, index);
  return index;
}

function fillIndex(mapping: Mapping, patch: Geometry, index: Int32Array, vectors?: NearVectors): void {
  const { width } = mapping;
  const area = (cell: Cell) => (cell.column1 - cell.column0) * (cell.row1 - cell.row0);
  if (mapping.cells.reduce((sum, cell) => sum + area(cell), 0) < index.length) index.fill(-1);
  const path = newPath();
  for (const cell of mapping.cells) {
    const count = cell.column1 - cell.column0;
    const t = cell.column0 - cell.left + 0.5;
    for (let row = cell.row0; row < cell.row1; row++) {
      followRow(cell, row + 0.5, path);
      path.ax = path.ax - patch.x0 + edge;
      path.ay = path.ay - patch.y0 + edge;
      const to = row * width + cell.column0;
      if (vectors && count >= 4) vectors.row(path, t, patch, to, count);
      else {
        indexRow(path, t, patch, index, to, count);
        vectors?.noteRange(index.subarray(to, to + count));
      }
    }
  }
}

function indexRow(
  path: RowPath,
  start: number,
  patch: Geometry,
  index: Int32Array,
  to: number,
  count: number,
): void {
  const { ax, bx, cx, ay, by, cy } = path;
  const { stride, width: columns, height: rows } = patch;
  for (let i = 0, t = start; i < count; i++, t++) {
    const x = ax + t * (bx + t * cx);
    const y = ay + t * (by + t * cy);
    index[to + i] = x >= 0 && y >= 0 && x < columns && y < rows ? (y | 0) * stride + (x | 0) : -1;
  }
}

/** The indices that are in memory, and what they were made for. */
let latest:
  | { readonly mapping: Mapping; readonly patch: Geometry; readonly vectors: NearVectors }
  | undefined;

function isLike(one: Geometry, other: Geometry): boolean {
  return (
    one.stride === other.stride &&
    one.x0 === other.x0 &&
    one.y0 === other.y0 &&
    one.width === other.width &&
    one.height === other.height
  );
}

/** Indices in the memory of vectors; those of the bands of a window, which come right after each other, are made once. */
function indicesFor(mapping: Mapping, patch: Patch): NearVectors | undefined {
  if (latest?.mapping === mapping && isLike(latest.patch, patch)) return latest.vectors;
  latest = undefined;
  const vectors = NearVectors.open(mapping.width * mapping.height);
  if (!vectors) return undefined;
  fillIndex(mapping, patch, vectors.indices, vectors);
  const { stride, x0, y0, width, height } = patch;
  latest = { mapping, patch: { stride, x0, y0, width, height }, vectors };
  return vectors;
}

/** Fills an output, in which nothing has been written yet, with the nearest pixels of a patch. */
export function sampleNear(mapping: Mapping, patch: Patch, missing: Missing, out: Output): void {
  const vectors = indicesFor(mapping, patch);
  const isPlain = !patch.valid && !out.valid && out.data instanceof Float32Array;
  if (isPlain && vectors?.take(patch, missing.nodata, out.data as Float32Array)) return;
  takeNear(vectors?.indices ?? nearIndex(mapping, patch), patch, missing, out);
}

/** Takes the pixels that an index names; missing ones are left as they are in the output. */
export function takeNear(index: Int32Array, patch: Patch, missing: Missing, out: Output): void {
  const { data, valid: mask } = patch;
  const { nodata } = missing;
  const target = out.data;
  const { valid } = out;
  if (mask === undefined && valid === undefined) {
    // NaN that means "no data" stays NaN by itself.
    for (let i = 0; i < index.length; i++) {
      const at = index[i];
      if (at < 0) continue;
      const value = data[at];
      if (value !== nodata) target[i] = value;
    }
    return;
  }
  for (let i = 0; i < index.length; i++) {
    const at = index[i];
    if (at < 0 || (mask !== undefined && mask[at] === 0)) continue;
    const value = data[at];
    if (value === nodata || (missing.isNan && Number.isNaN(value))) continue;
    target[i] = value;
    if (valid !== undefined) valid[i] = 1;
  }
}

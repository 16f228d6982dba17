import { followRow, type Mapping, newPath } from './mapping';
import type { Missing, Output, Patch } from './patch';

/**
 * A position this close below a pixel's edge counts as beyond it: when edges of output pixel centres
 * and source pixels coincide, rounding must not decide.
 */
const edge = 1e-6;

/** For each output pixel the place of its source pixel in a patch's data, or −1. */
export function nearIndex(
  mapping: Mapping,
  patch: Pick<Patch, 'stride' | 'x0' | 'y0' | 'width' | 'height'>,
): Int32Array {
  const { width } = mapping;
  const index = new Int32Array(width * mapping.height).fill(-1);
  const path = newPath();
  for (const cell of mapping.cells) {
    for (let row = cell.row0; row < cell.row1; row++) {
      followRow(cell, row + 0.5, path);
      const { bx, cx, by, cy } = path;
      const ax = path.ax - patch.x0 + edge;
      const ay = path.ay - patch.y0 + edge;
      const { stride, width: columns, height: rows } = patch;
      let t = cell.column0 - cell.left + 0.5;
      const end = row * width + cell.column1;
      for (let to = row * width + cell.column0; to < end; to++, t++) {
        const x = ax + t * (bx + t * cx);
        const y = ay + t * (by + t * cy);
        if (x >= 0 && y >= 0 && x < columns && y < rows) index[to] = (y | 0) * stride + (x | 0);
      }
    }
  }
  return index;
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

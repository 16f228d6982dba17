import { gridsAligned } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import type { Missing, Output, Patch } from './patch';

/** The column and row of a source where a window begins whose pixels are pixels of the source; undefined: they are not. */
export function alignedOffset(
  target: Grid,
  source: Grid,
): { readonly column: number; readonly row: number } | undefined {
  if (!gridsAligned(target, source)) return undefined;
  return {
    column: Math.round((target.originX - source.originX) / source.resX),
    row: Math.round((source.originY - target.originY) / source.resY),
  };
}

/**
 * Takes pixels that lie on pixels of the output; missing ones are left as they are there.
 * @param offset the column and row of the source where the output begins
 */
export function takeAligned(
  patch: Patch,
  offset: { readonly column: number; readonly row: number },
  missing: Missing,
  out: Output,
): void {
  const height = out.data.length / out.width;
  const column0 = Math.max(0, patch.x0 - offset.column);
  const column1 = Math.min(out.width, patch.x0 + patch.width - offset.column);
  const row0 = Math.max(0, patch.y0 - offset.row);
  const row1 = Math.min(height, patch.y0 + patch.height - offset.row);
  const isPlain = patch.valid === undefined && out.valid === undefined;
  const count = column1 - column0;
  if (isPlain && count === out.width && count === patch.stride && row0 < row1) {
    const from = (offset.row + row0 - patch.y0) * count;
    if (takeWhole(patch.data, from, out.data, row0 * count, (row1 - row0) * count, missing.nodata)) return;
  }
  for (let row = row0; row < row1; row++) {
    const from = (offset.row + row - patch.y0) * patch.stride + offset.column + column0 - patch.x0;
    const to = row * out.width + column0;
    if (!isPlain) takeMaskedRow(patch, from, out, to, count, missing);
    else if (count < shortRow || !takeWhole(patch.data, from, out.data, to, count, missing.nodata))
      takeRow(patch.data, from, out.data, to, count, missing.nodata);
  }
}

/** Shorter rows are copied sooner than they are looked through. */
const shortRow = 64;

/** Copies at once where nothing is missing, in half of the time. @returns whether it did */
function takeWhole(
  data: Patch['data'],
  from: number,
  target: Output['data'],
  to: number,
  count: number,
  nodata: number,
): boolean {
  const part = data.subarray(from, from + count);
  if (part.includes(nodata)) return false;
  target.set(part, to);
  return true;
}

// Rows have functions of their own: V8 optimises what is called often, not what loops for long.

function takeRow(
  data: Patch['data'],
  from: number,
  target: Output['data'],
  to: number,
  count: number,
  nodata: number,
): void {
  // NaN that means "no data" stays NaN by itself.
  for (let i = 0; i < count; i++) {
    const value = data[from + i];
    if (value !== nodata) target[to + i] = value;
  }
}

function takeMaskedRow(
  { data, valid: mask }: Patch,
  from: number,
  { data: target, valid }: Output,
  to: number,
  count: number,
  { nodata, isNan }: Missing,
): void {
  for (let i = 0; i < count; i++) {
    if (mask !== undefined && mask[from + i] === 0) continue;
    const value = data[from + i];
    if (value === nodata || (isNan && Number.isNaN(value))) continue;
    target[to + i] = value;
    if (valid !== undefined) valid[to + i] = 1;
  }
}

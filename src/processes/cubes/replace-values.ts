import type { Block, Cube, DataType } from '../../raster/cube';
import type { Values } from '../../raster/layers';
import { commonType, dropPixels, holds, writableValues } from '../../raster/missing-values';

/** What masks put in the place of values; `null` is the cube's no-data. */
export type Replacement = number | boolean | string | null;

/** The type of a cube that also has to hold the replacement. */
export function typeWith(dataType: DataType, replacement: Replacement): DataType {
  if (replacement === null) return dataType;
  if (typeof replacement === 'string') return 'text';
  const value = Number(replacement);
  if (holds(dataType, value)) return dataType;
  const integers: DataType[] = ['uint8', 'int16', 'int32'];
  return commonType(dataType, integers.find((type) => holds(type, value)) ?? 'float32');
}

/** How missing values are told apart once the replacement is in: text needs the `mask` form. */
export function missingWith(missing: Cube['missing'], replacement: Replacement): Cube['missing'] {
  return typeof replacement === 'string' ? 'mask' : missing;
}

function roomFor(replacement: number | boolean | string, values: Values): Values | undefined {
  if (typeof replacement === 'string') return [];
  if (Array.isArray(values) || values instanceof Float32Array || values instanceof Float64Array)
    return undefined;
  return Number.isInteger(Number(replacement)) && Math.abs(Number(replacement)) < 2 ** 31
    ? new Int32Array(0)
    : new Float64Array(0);
}

/**
 * A copy of a block with the values replaced that `isMasked` names by their position.
 * @param block in the form that {@link missingWith} gives.
 */
export function replaceValues(
  block: Block,
  missing: Cube['missing'],
  replacement: Replacement,
  masked: Uint8Array,
): Block {
  if (replacement === null) {
    const keep = masked.map((flag) => 1 - flag);
    return dropPixels(block, missing, keep);
  }
  const data = writableValues(block.data, roomFor(replacement, block.data)) as unknown[];
  const isPlain = Array.isArray(data);
  const value = isPlain ? replacement : Number(replacement);
  const valid = block.valid?.slice();
  for (let i = 0; i < data.length; i++) {
    if (masked[i] === 0) continue;
    data[i] = value;
    if (valid) valid[i] = 1;
  }
  return { ...block, data: data as Values, valid };
}

import type { Block, DataType } from '../../raster/cube';
import type { Reduced } from './array-reducer';

/** A block of single values in the `mask` form, of a cube without a grid. */
export function reducedBlock(
  dataType: DataType,
  shape: readonly number[],
  values: readonly Reduced[],
): Block {
  const isText = dataType === 'text' || values.some((value) => typeof value === 'string');
  const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
  const data = isText ? [...values] : Float64Array.from(values, (value) => Number(value));
  return { shape, data, valid };
}

import type { DataType, NumericArray } from '../cube';
import type { Pixels } from './layers';

/** What a TIFF file can hold of {@link DataType}. */
export type SampleType = Exclude<DataType, 'boolean' | 'text'>;

interface SampleKind {
  readonly bits: number;
  /** TIFF's SampleFormat: 1 unsigned, 2 signed, 3 floating point. */
  readonly format: 1 | 2 | 3;
  readonly low: number;
  readonly high: number;
  make(length: number): NumericArray;
}

const unsigned = (bits: number, make: SampleKind['make']): SampleKind => ({
  bits,
  format: 1,
  low: 0,
  high: 2 ** bits - 1,
  make,
});
const signed = (bits: number, make: SampleKind['make']): SampleKind => ({
  bits,
  format: 2,
  low: -(2 ** (bits - 1)),
  high: 2 ** (bits - 1) - 1,
  make,
});
const float = (bits: number, make: SampleKind['make']): SampleKind => ({
  bits,
  format: 3,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  make,
});

export const sampleKinds: Readonly<Record<SampleType, SampleKind>> = {
  uint8: unsigned(8, (length) => new Uint8Array(length)),
  int8: signed(8, (length) => new Int8Array(length)),
  uint16: unsigned(16, (length) => new Uint16Array(length)),
  int16: signed(16, (length) => new Int16Array(length)),
  uint32: unsigned(32, (length) => new Uint32Array(length)),
  int32: signed(32, (length) => new Int32Array(length)),
  float32: float(32, (length) => new Float32Array(length)),
  float64: float(64, (length) => new Float64Array(length)),
};

/** What stands for missing values in a file, and whether values had to make room for it. */
export interface Nodata {
  readonly value: number;
  /** True where the writer chose the number: a real value that equals it is moved to the next one. */
  readonly isChosen: boolean;
}

/**
 * The declared number where the type can hold it; otherwise NaN for floating point and the type's
 * extreme for integers (largest of unsigned, smallest of signed ones).
 */
export function chooseNodata(type: SampleType, declared: number | null): Nodata {
  const kind = sampleKinds[type];
  if (kind.format === 3) return { value: declared ?? Number.NaN, isChosen: declared === null };
  const fits =
    declared !== null && Number.isInteger(declared) && declared >= kind.low && declared <= kind.high;
  if (fits) return { value: declared, isChosen: false };
  return { value: kind.format === 1 ? kind.high : kind.low, isChosen: true };
}

/** @returns whether any value was missing. Values are rounded and cut off to the type's range. */
export function convertSamples(
  pixels: Pixels,
  target: NumericArray,
  type: SampleType,
  nodata: Nodata,
): boolean {
  const { data, valid, isNanMissing } = pixels;
  const { format, low, high } = sampleKinds[type];
  let isAnyMissing = false;
  for (let i = 0; i < target.length; i++) {
    const value = data[i];
    if (valid !== undefined ? valid[i] === 0 : isNanMissing && Number.isNaN(value)) {
      target[i] = nodata.value;
      isAnyMissing = true;
    } else if (format === 3) target[i] = value;
    else if (Number.isNaN(value)) {
      // An integer type has no NaN: missing is the nearest that it can say.
      target[i] = nodata.value;
      isAnyMissing = true;
    } else {
      let rounded = Math.round(value);
      if (rounded < low) rounded = low;
      else if (rounded > high) rounded = high;
      if (nodata.isChosen && rounded === nodata.value) rounded += rounded === high ? -1 : 1;
      target[i] = rounded;
    }
  }
  return isAnyMissing;
}

import type { SampleType } from '../samples';
import { Bytes } from './bytes';

/** A datatype message (HDF5 File Format Specification 3.0, IV.A.2.d) and the bytes of one value. */
export interface Datatype {
  readonly message: Buffer;
  readonly size: number;
}

function fixedPoint(size: number, isSigned: boolean): Datatype {
  const message = new Bytes()
    .u8(0x10, isSigned ? 8 : 0, 0, 0)
    .u32(size)
    .u16(0, size * 8)
    .done();
  return { message, size };
}

function floatingPoint(size: 4 | 8): Datatype {
  const [sign, exponentAt, exponentBits, bias] = size === 4 ? [31, 23, 8, 127] : [63, 52, 11, 1023];
  const message = new Bytes()
    .u8(0x11, 0x20, sign, 0)
    .u32(size)
    .u16(0, size * 8)
    .u8(exponentAt, exponentBits, 0, exponentAt)
    .u32(bias)
    .done();
  return { message, size };
}

export const numberTypes: Readonly<Record<SampleType, Datatype>> = {
  uint8: fixedPoint(1, false),
  int8: fixedPoint(1, true),
  uint16: fixedPoint(2, false),
  int16: fixedPoint(2, true),
  uint32: fixedPoint(4, false),
  int32: fixedPoint(4, true),
  float32: floatingPoint(4),
  float64: floatingPoint(8),
};

/** Text of a fixed number of bytes, in UTF-8; a zero would end it before. */
export function fixedText(size: number): Datatype {
  return { message: new Bytes().u8(0x13, 0x10, 0, 0).u32(size).done(), size };
}

/** Text of any length: values are references into a global heap. */
export const variableText: Datatype = {
  message: new Bytes().u8(0x19, 0x01, 0x01, 0).u32(16).raw(numberTypes.uint8.message).done(),
  size: 16,
};

/** Lists of addresses of objects: values are references into a global heap. */
export const referenceLists: Datatype = {
  message: new Bytes().u8(0x19, 0, 0, 0).u32(16).u8(0x17, 0, 0, 0).u32(8).done(),
  size: 16,
};

import type { NumericArray } from '../../cube';
import type { Attributes } from '../dataset/model';
import { Bytes, undefinedAddress } from './bytes';
import { type Datatype, fixedText, numberTypes, referenceLists } from './datatype';

/** A message of an object header: its type and its body. */
export interface Message {
  readonly type: number;
  readonly body: Buffer;
}

function padded(bytes: Uint8Array): Buffer {
  return new Bytes().raw(bytes).pad8().done();
}

/** No dimensions: a single value. */
export function dataspace(lengths: readonly number[]): Message {
  return {
    type: 0x0001,
    body: new Bytes()
      .u8(1, lengths.length, 0, 0)
      .u32(0)
      .u64(...lengths)
      .done(),
  };
}

export function datatype({ message }: Datatype): Message {
  return { type: 0x0003, body: message };
}

/** What stands in chunks that are not there. */
export function fillValue(value: Uint8Array | undefined): Message {
  const bytes = new Bytes().u8(2, 3, 2, value ? 1 : 0);
  if (value) bytes.u32(value.length).raw(value);
  return { type: 0x0005, body: bytes.done() };
}

export function contiguous(address: number, size: number): Message {
  return {
    type: 0x0008,
    body: new Bytes()
      .u8(3, 1)
      .u64(size ? address : undefinedAddress, size)
      .done(),
  };
}

export function chunked(tree: number | undefined, chunk: readonly number[], size: number): Message {
  const body = new Bytes()
    .u8(3, 2, chunk.length + 1)
    .u64(tree ?? undefinedAddress)
    .u32(...chunk, size);
  return { type: 0x0008, body: body.done() };
}

/** Deflate, after bytes have been sorted by their significance or not. */
export function filters(size: number, level: number, isShuffled: boolean): Message {
  const bytes = new Bytes().u8(1, isShuffled ? 2 : 1).zeros(6);
  if (isShuffled) bytes.u16(2, 8, 1, 1).raw(Buffer.from('shuffle\0')).u32(size, 0);
  return { type: 0x000b, body: bytes.u16(1, 8, 1, 1).raw(Buffer.from('deflate\0')).u32(level, 0).done() };
}

/** Where the names and the members of a group are. */
export function symbolTable(tree: number, heap: number): Message {
  return { type: 0x0011, body: new Bytes().u64(tree, heap).done() };
}

function attribute(name: string, type: Datatype, lengths: readonly number[], value: Uint8Array): Message {
  const nameBytes = Buffer.from(`${name}\0`);
  const space = dataspace(lengths).body;
  const body = new Bytes()
    .u8(1, 0)
    .u16(nameBytes.length, type.message.length, space.length)
    .raw(padded(nameBytes))
    .raw(padded(type.message))
    .raw(padded(space))
    .raw(value);
  return { type: 0x000c, body: body.done() };
}

export function textAttribute(name: string, text: string): Message {
  const bytes = Buffer.from(text);
  return attribute(name, fixedText(Math.max(1, bytes.length)), [], bytes.length ? bytes : Buffer.alloc(1));
}

export function numberAttribute(name: string, type: Datatype, values: NumericArray): Message {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return attribute(name, type, [values.length], bytes);
}

/** For each dimension of a variable the global heap's reference to the address of its coordinates. */
export function dimensionList(references: readonly Uint8Array[]): Message {
  return attribute('DIMENSION_LIST', referenceLists, [references.length], Buffer.concat(references));
}

export function attributeMessages(attributes: Attributes): Message[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'string') return textAttribute(name, value);
    const values = typeof value === 'number' ? [value] : value;
    const isInteger = values.every((each) => Number.isInteger(each) && Math.abs(each) < 2 ** 31);
    return isInteger
      ? numberAttribute(name, numberTypes.int32, Int32Array.from(values))
      : numberAttribute(name, numberTypes.float64, Float64Array.from(values));
  });
}

/** An object header of version 1. */
export function objectHeader(messages: readonly Message[]): Buffer {
  const bytes = new Bytes();
  for (const { type, body } of messages) {
    const data = padded(body);
    bytes.u16(type, data.length).u8(0).zeros(3).raw(data);
  }
  return new Bytes().u8(1, 0).u16(messages.length).u32(1, bytes.length, 0).raw(bytes.done()).done();
}

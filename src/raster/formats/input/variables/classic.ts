import type { NumericArray } from '../../../cube';
import { product } from '../../../layers';
import type { VariableInfo, VariableReader, VariableValues } from './types';

/** Numbers and texts by the number of their type; `char` is text. */
const types: Readonly<Record<number, { readonly name: string; readonly size: number }>> = {
  1: { name: 'int8', size: 1 },
  2: { name: 'char', size: 1 },
  3: { name: 'int16', size: 2 },
  4: { name: 'int32', size: 4 },
  5: { name: 'float32', size: 4 },
  6: { name: 'float64', size: 8 },
  7: { name: 'uint8', size: 1 },
  8: { name: 'uint16', size: 2 },
  9: { name: 'uint32', size: 4 },
  10: { name: 'int64', size: 8 },
  11: { name: 'uint64', size: 8 },
};

const arrays: Readonly<Record<string, new (buffer: ArrayBuffer) => NumericArray>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

const padded = (length: number) => Math.ceil(length / 4) * 4;

type Type = (typeof types)[number];

interface Variable {
  readonly info: VariableInfo;
  readonly type: Type;
  /** With the length of texts, and the number of records. */
  readonly shape: readonly number[];
  readonly begin: number;
  readonly isRecord: boolean;
}

/** Reads a header from its beginning to its end. @throws Error for what lies outside of the file */
class Header {
  #at = 4;
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    /** 1, 2 or 5: later ones have longer numbers. */
    readonly version: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(length: number): number {
    const at = this.#at;
    if (!(length >= 0 && at + length <= this.bytes.length)) throw new Error('its header is cut off');
    this.#at += length;
    return at;
  }

  word(): number {
    return this.#view.getUint32(this.#take(4));
  }

  #long(): number {
    return Number(this.#view.getBigUint64(this.#take(8)));
  }

  count(): number {
    return this.version === 5 ? this.#long() : this.word();
  }

  offset(): number {
    return this.version === 1 ? this.word() : this.#long();
  }

  name(): string {
    return this.#text(this.count());
  }

  #text(length: number): string {
    const at = this.#take(padded(length));
    return new TextDecoder().decode(this.bytes.subarray(at, at + length)).replace(/\0+$/, '');
  }

  type(): Type {
    const number = this.word();
    const type = Object.hasOwn(types, number) ? types[number] : undefined;
    if (!type) throw new Error(`it has values of the type ${number}, which is not known`);
    return type;
  }

  /** A list, which says first of what it is. */
  list<T>(tag: number, item: () => T): T[] {
    const found = this.word();
    const count = this.count();
    if (found !== tag && (found !== 0 || count !== 0)) throw new Error('its header is damaged');
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(item());
    return items;
  }

  attributes(): Map<string, unknown> {
    const entries = this.list(0x0c, (): [string, unknown] => {
      const name = this.name();
      const type = this.type();
      const count = this.count();
      if (type.name === 'char') return [name, this.#text(count)];
      const at = this.#take(padded(count * type.size));
      return [name, Array.from(numbers(this.bytes.slice(at, at + count * type.size), type), Number)];
    });
    return new Map(entries);
  }
}

/** Numbers from their bytes, most significant first, which are turned round in place. */
function numbers(bytes: Uint8Array, { name, size }: Type): NumericArray {
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
  if (name === 'int64') return Float64Array.from(new BigInt64Array(bytes.buffer as ArrayBuffer), Number);
  if (name === 'uint64') return Float64Array.from(new BigUint64Array(bytes.buffer as ArrayBuffer), Number);
  return new arrays[name](bytes.buffer as ArrayBuffer);
}

/** How many bytes a variable has, or one record of it. */
function bytesOf({ shape, type, isRecord }: Pick<Variable, 'shape' | 'type' | 'isRecord'>): number {
  return product(isRecord ? shape.slice(1) : shape) * type.size;
}

/**
 * The variables of a file in netCDF's classic format, with 32-bit or 64-bit offsets or 64-bit data (CDF-1, -2 and -5).
 * Values are looked for when they are read, so that a file takes no more memory than it has bytes.
 * @throws Error
 */
export function readClassic(file: Uint8Array): VariableReader {
  // Parts of buffers of Node would be no copies.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const header = new Header(bytes, bytes[3]);
  if (![1, 2, 5].includes(bytes[3])) throw new Error(`it is of the version ${bytes[3]}, which is not known`);
  const declared = header.count();
  const dimensions = header.list(0x0a, () => ({ name: header.name(), length: header.count() }));
  header.attributes();
  const found = header.list(0x0b, () => {
    const name = header.name();
    const ids = Array.from({ length: checkedRank(header.count()) }, () => header.count());
    const attributes = header.attributes();
    const type = header.type();
    header.count();
    const own = ids.map((id) => {
      if (id >= dimensions.length) throw new Error(`${name} has a dimension that there is not`);
      return dimensions[id];
    });
    const isRecord = own.length > 0 && own[0].length === 0;
    return { name, own, attributes, type, isRecord, begin: header.offset() };
  });
  const records = found.filter(({ isRecord }) => isRecord);
  const perRecord = records.map(({ own, type }) =>
    bytesOf({ shape: own.map(({ length }) => length), type, isRecord: true }),
  );
  // A variable that is alone has no gaps between its records.
  const stride = records.length === 1 ? perRecord[0] : perRecord.reduce((sum, size) => sum + padded(size), 0);
  const isOpen = declared >= 2 ** 32 - 1;
  const first = Math.min(...records.map(({ begin }) => begin));
  const available = stride === 0 ? 0 : Math.max(0, Math.floor((bytes.length - first) / stride));
  const count = isOpen ? available : declared;
  const variables = new Map<string, Variable>();
  for (const { name, own, attributes, type, isRecord, begin } of found) {
    const shape = own.map(({ length }, axis) => (axis === 0 && isRecord ? count : length));
    const isText = type.name === 'char';
    const rank = isText ? Math.max(0, shape.length - 1) : shape.length;
    const info: VariableInfo = {
      name,
      shape: shape.slice(0, rank),
      dimensions: own.slice(0, rank).map((dimension) => dimension.name),
      kind: isText ? 'text' : 'number',
      type: isText ? '' : type.name,
      attributes,
    };
    variables.set(name, { info, type, shape, begin, isRecord });
  }
  return {
    variables: [...variables.values()].map(({ info }) => info),
    read: async (name) => valuesOf(bytes, variables.get(name)!, stride),
  };
}

/** The most dimensions of a variable, by netCDF's own library. */
const maxRank = 1024;

function checkedRank(rank: number): number {
  if (rank > maxRank) throw new Error(`a variable has ${rank} dimensions`);
  return rank;
}

function valuesOf(bytes: Uint8Array, variable: Variable, stride: number): VariableValues {
  const { shape, type, begin, isRecord, info } = variable;
  const size = bytesOf(variable);
  const pieces = isRecord ? shape[0] : 1;
  const end = pieces === 0 || size === 0 ? 0 : begin + (pieces - 1) * stride + size;
  if (!(end <= bytes.length)) throw new Error(`the values of ${info.name} are cut off`);
  const raw = new Uint8Array(end === 0 ? 0 : size * pieces);
  if (raw.length > 0)
    for (let piece = 0; piece < pieces; piece++) {
      const start = begin + piece * stride;
      raw.set(bytes.subarray(start, start + size), piece * size);
    }
  return type.name === 'char' ? texts(raw, shape) : numbers(raw, type);
}

/** Texts, whose characters lie along the last dimension. */
function texts(raw: Uint8Array, shape: readonly number[]): string[] {
  const length = shape.at(-1) ?? 1;
  const count = product(shape.slice(0, -1));
  // Nothing says how many texts without characters can be.
  if (raw.length === 0) return [];
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, index) =>
    decoder.decode(raw.subarray(index * length, (index + 1) * length)).replace(/\0+$/, ''),
  );
}

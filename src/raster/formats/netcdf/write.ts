import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { NumericArray } from '../../cube';
import { ChunkReader } from '../dataset/chunks';
import type { Coordinate, Dataset } from '../dataset/model';
import { sampleKinds } from '../samples';
import type { Spool } from '../spool';
import { type Datatype, numberTypes, variableText } from './datatype';
import {
  attributeMessages,
  chunked,
  contiguous,
  dataspace,
  datatype,
  dimensionList,
  fillValue,
  filters,
  type Message,
  numberAttribute,
  objectHeader,
  symbolTable,
  textAttribute,
} from './messages';
import {
  type Place,
  putChunkTree,
  putGlobalHeap,
  putGroup,
  type StoredChunk,
  superblock,
  superblockBytes,
} from './structures';

const deflateAsync = promisify(deflate);

function bytesOf(values: NumericArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The first bytes of all values, then the second ones, and so on: like bytes compress better. */
function shuffle(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes;
  const count = bytes.length / size;
  const target = new Uint8Array(bytes.length);
  for (let part = 0; part < size; part++) {
    const start = part * count;
    for (let i = 0, from = part; i < count; i++, from += size) target[start + i] = bytes[from];
  }
  return target;
}

/** Where the metadata go, after all chunks. Each piece starts at a multiple of 8. */
class Tail implements Place {
  readonly #parts: Uint8Array[] = [];
  #end: number;

  constructor(start: number) {
    this.#end = start;
    this.#align();
  }

  get address(): number {
    return this.#end;
  }

  put(bytes: Uint8Array): number {
    const address = this.#end;
    this.#parts.push(bytes);
    this.#end += bytes.length;
    this.#align();
    return address;
  }

  #align(): void {
    const gap = (8 - (this.#end % 8)) % 8;
    this.#parts.push(new Uint8Array(gap));
    this.#end += gap;
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Deflates chunks, with their bytes in the order of significance where the first chunk is smaller so. */
class Compressor {
  #isShuffled: Promise<boolean> | undefined;

  constructor(
    readonly size: number,
    readonly level: number,
  ) {}

  /** Known once a chunk has been compressed. */
  get isShuffled(): Promise<boolean> {
    return this.#isShuffled ?? Promise.resolve(false);
  }

  async compress(bytes: Uint8Array): Promise<Uint8Array> {
    const { size, level } = this;
    this.#isShuffled ??= this.#gains(bytes);
    return await deflateAsync((await this.#isShuffled) ? shuffle(bytes, size) : bytes, { level });
  }

  /** Few distinct numbers are smaller as they are, smooth ones shuffled. */
  async #gains(bytes: Uint8Array): Promise<boolean> {
    const { size, level } = this;
    if (size === 1) return false;
    const [plain, shuffled] = await Promise.all([
      deflateAsync(bytes, { level }),
      deflateAsync(shuffle(bytes, size), { level }),
    ]);
    return shuffled.length < plain.length;
  }
}

/** Reads, compresses and stores all chunks; tells where they are, by variable. */
async function storeChunks(
  dataset: Dataset,
  reader: ChunkReader,
  spool: Spool,
  compressor: Compressor | undefined,
): Promise<StoredChunk[][]> {
  const stored: StoredChunk[][] = dataset.variables.map(() => []);
  for await (const chunks of reader.read()) {
    const packed = await Promise.all(
      chunks.map(async ({ values }) =>
        compressor ? await compressor.compress(bytesOf(values)) : bytesOf(values),
      ),
    );
    for (const [index, { variable, position }] of chunks.entries())
      stored[variable].push({
        offset: position.map((at, axis) => at * dataset.chunk[axis]),
        address: superblockBytes + (await spool.append(packed[index])),
        size: packed[index].length,
      });
  }
  return stored;
}

/** The header of a coordinate variable, which is a scale of its dimension where it bears its name. */
function putCoordinate(place: Place, { name, dimensions, values, attributes }: Coordinate, isScale: boolean) {
  let type: Datatype;
  let data: Uint8Array;
  if (ArrayBuffer.isView(values)) {
    type = values instanceof Int32Array ? numberTypes.int32 : numberTypes.float64;
    data = bytesOf(values as Int32Array);
  } else {
    type = variableText;
    const texts = values.map((text) => Buffer.from(text));
    data = Buffer.concat(
      putGlobalHeap(
        place,
        texts.map((bytes) => ({ bytes, count: bytes.length })),
      ),
    );
  }
  const lengths = dimensions.length === 0 ? [] : [values.length];
  const messages = (list: readonly Message[]) =>
    objectHeader([
      ...[dataspace(lengths), datatype(type), fillValue(undefined)],
      contiguous(place.put(data), data.length),
      ...(isScale ? [textAttribute('CLASS', 'DIMENSION_SCALE\0'), textAttribute('NAME', `${name}\0`)] : []),
      ...list,
      ...attributeMessages(attributes),
    ]);
  return messages;
}

/**
 * Writes a dataset as netCDF-4: HDF5 of the oldest version that has all that is needed. Chunks go to `spool` as they
 * are read and everything that describes them follows, so that nothing but their addresses is kept in memory.
 * @param level of deflate; undefined: not compressed
 */
export async function writeNetcdf(
  dataset: Dataset,
  spool: Spool,
  level: number | undefined,
  signal: AbortSignal,
): Promise<{ readonly head: Buffer; readonly tail: Buffer; readonly hasData: boolean }> {
  const reader = new ChunkReader(dataset, signal);
  const compressor = level === undefined ? undefined : new Compressor(numberTypes[dataset.type].size, level);
  const stored = await storeChunks(dataset, reader, spool, compressor);
  const isShuffled = (await compressor?.isShuffled) ?? false;
  const place = new Tail(superblockBytes + spool.length);
  const members = new Map<string, number>();
  const lists = (names: readonly string[]): Message[] => {
    if (names.length === 0) return [];
    const values = names.map((name) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(members.get(name)!));
      return { bytes, count: 1 };
    });
    return [dimensionList(putGlobalHeap(place, values))];
  };
  const isScale = (name: string) => dataset.dimensions.some((dimension) => dimension.name === name);
  for (const coordinate of dataset.coordinates) {
    const { name, dimensions } = coordinate;
    const header = putCoordinate(place, coordinate, isScale(name));
    members.set(name, place.put(header(isScale(name) ? [] : lists(dimensions))));
  }

  const { type, nodata, chunk, packing } = dataset;
  const { size } = numberTypes[type];
  const fill = sampleKinds[type].make(1).fill(nodata.value);
  const isDeclared = reader.isAnyMissing || (dataset.cube.nodata !== null && !packing);
  const lengths = dataset.dimensions.map(({ length }) => length);
  const scales = lists(dataset.dimensions.map(({ name }) => name));
  for (const [index, { name, attributes }] of dataset.variables.entries()) {
    const chunks = stored[index];
    const layout =
      lengths.length === 0
        ? contiguous(chunks[0]?.address ?? place.put(bytesOf(fill)), size)
        : chunked(chunks.length ? putChunkTree(place, chunks, lengths, chunk) : undefined, chunk, size);
    const header = objectHeader([
      ...[dataspace(lengths), datatype(numberTypes[type]), fillValue(bytesOf(fill)), layout],
      ...(level === undefined || lengths.length === 0 ? [] : [filters(size, level, isShuffled)]),
      ...(isDeclared ? [numberAttribute('_FillValue', numberTypes[type], fill)] : []),
      ...(packing ? attributeMessages({ scale_factor: packing.scale, add_offset: packing.offset }) : []),
      ...scales,
      ...attributeMessages(attributes),
    ]);
    members.set(name, place.put(header));
  }
  const { tree, heap, leafK } = putGroup(place, members);
  const root = place.put(objectHeader([symbolTable(tree, heap), ...attributeMessages(dataset.attributes)]));
  const head = superblock(root, tree, heap, leafK, place.address);
  return { head, tail: place.done(), hasData: reader.hasData };
}

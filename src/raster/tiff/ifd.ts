import { unreadable } from '../bytes/unreadable';
import type { ByteSource } from '../source';

/** Tags that are read here (TIFF 6, its supplements, GeoTIFF, GDAL). */
export const tag = {
  subfileType: 254,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  pixelScale: 33550,
  tiePoint: 33922,
  transformation: 34264,
  geoKeys: 34735,
  geoDoubles: 34736,
  geoAscii: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
  lercParameters: 50674,
} as const;

/** Bytes of a value by field type; 0: no such type. */
const typeSizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const ascii = 2;

/** More directories than any real file has: levels of overviews and their masks. */
const maxDirectories = 256;
const maxEntries = 4096;
/** The block tables of a million blocks. */
const maxValueBytes = 16 * 1024 * 1024;
const prefetchBytes = 32 * 1024;
const pageBytes = 16 * 1024;

/** The values of one tag, not necessarily read yet. */
export interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the values are in the file. */
  readonly offset: number;
}

/** Reads the small, scattered parts of a file through pages, so that a header costs one or two reads. */
class HeaderBytes {
  readonly #pages = new Map<number, Promise<Uint8Array>>();

  constructor(readonly source: ByteSource) {}

  async view(offset: number, length: number): Promise<DataView> {
    const first = Math.floor(offset / pageBytes);
    const last = Math.floor((offset + length - 1) / pageBytes);
    const bytes =
      last - first > 3
        ? await this.source.read(offset, length)
        : await this.#paged(offset, length, first, last);
    if (bytes.length < length) throw unreadable(this.source.id, 'the file ends before its header does');
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async #paged(offset: number, length: number, first: number, last: number): Promise<Uint8Array> {
    const parts = await Promise.all(
      Array.from({ length: last - first + 1 }, (_, index) => this.#page(first + index)),
    );
    const start = offset - first * pageBytes;
    if (parts.length === 1) return parts[0].subarray(start, start + length);
    const joined = Buffer.concat(parts);
    return joined.subarray(start, start + length);
  }

  #page(number: number): Promise<Uint8Array> {
    let page = this.#pages.get(number);
    if (!page) {
      // The first pages come together: the header of a cloud-optimised file is at its start.
      if (number * pageBytes < prefetchBytes) {
        const all = this.source.read(0, prefetchBytes);
        for (let i = 0; i * pageBytes < prefetchBytes; i++)
          this.#keep(
            i,
            all.then((bytes) => bytes.subarray(i * pageBytes, (i + 1) * pageBytes)),
          );
        return this.#pages.get(number)!;
      }
      page = this.source.read(number * pageBytes, pageBytes);
      this.#keep(number, page);
    }
    return page;
  }

  #keep(number: number, page: Promise<Uint8Array>): void {
    if (this.#pages.size >= 64) this.#pages.clear();
    this.#pages.set(number, page);
    page.catch(() => this.#pages.delete(number));
  }
}

/**
 * The directories of a TIFF or BigTIFF file, and the values of their tags on demand. What is read here is
 * small and shared by all readers of the file, so no reader's abort signal stops it.
 */
export class TiffHeader {
  readonly directories: ReadonlyMap<number, Entry>[] = [];
  isLittleEndian = true;
  #isBig = false;
  readonly #bytes: HeaderBytes;

  private constructor(readonly source: ByteSource) {
    this.#bytes = new HeaderBytes(source);
  }

  /** @throws OpenEOError `SourceUnreadable` for what is no TIFF, is damaged or is absurd. */
  static async read(source: ByteSource): Promise<TiffHeader> {
    const header = new TiffHeader(source);
    await header.#readDirectories();
    return header;
  }

  #fail(reason: string): never {
    throw unreadable(this.source.id, reason);
  }

  async #readDirectories(): Promise<void> {
    const start = await this.#bytes.view(0, 8);
    const order = start.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) this.#fail('it is not a TIFF file');
    this.isLittleEndian = order === 0x4949;
    const version = start.getUint16(2, this.isLittleEndian);
    if (version !== 42 && version !== 43) this.#fail('it is not a TIFF file');
    this.#isBig = version === 43;
    let next = this.#isBig
      ? this.#pointer(await this.#bytes.view(8, 8), 0)
      : start.getUint32(4, this.isLittleEndian);
    const seen = new Set<number>();
    while (next !== 0) {
      if (seen.has(next)) this.#fail('its directories form a ring');
      if (seen.size >= maxDirectories) this.#fail('it has too many directories');
      seen.add(next);
      next = await this.#readDirectory(next);
    }
    if (this.directories.length === 0) this.#fail('it has no image');
  }

  #pointer(view: DataView, at: number): number {
    if (!this.#isBig) return view.getUint32(at, this.isLittleEndian);
    const value = view.getBigUint64(at, this.isLittleEndian);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.#fail('it points beyond any file');
    return Number(value);
  }

  async #readDirectory(offset: number): Promise<number> {
    const countSize = this.#isBig ? 8 : 2;
    const pointerSize = this.#isBig ? 8 : 4;
    const entrySize = this.#isBig ? 20 : 12;
    const head = await this.#bytes.view(offset, countSize);
    const count = this.#isBig ? this.#pointer(head, 0) : head.getUint16(0, this.isLittleEndian);
    if (count === 0 || count > maxEntries) this.#fail(`a directory of ${count} entries is not plausible`);
    const view = await this.#bytes.view(offset + countSize, count * entrySize + pointerSize);
    const entries = new Map<number, Entry>();
    for (let i = 0; i < count; i++) {
      const at = i * entrySize;
      const type = view.getUint16(at + 2, this.isLittleEndian);
      const values = this.#pointer(view, at + 4);
      const valueAt = at + 4 + pointerSize;
      const size = (typeSizes[type] ?? 0) * values;
      const isInline = size <= pointerSize;
      entries.set(view.getUint16(at, this.isLittleEndian), {
        type,
        count: values,
        offset: isInline ? offset + countSize + valueAt : this.#pointer(view, valueAt),
      });
    }
    this.directories.push(entries);
    return this.#pointer(view, count * entrySize);
  }

  async #view(entry: Entry, from: number, count: number): Promise<DataView> {
    const size = typeSizes[entry.type] ?? 0;
    if (size === 0) this.#fail(`the field type ${entry.type} is not known`);
    if (count * size > maxValueBytes) this.#fail('a header value is longer than any real one');
    return this.#bytes.view(entry.offset + from * size, count * size);
  }

  /** Values of a tag as numbers; rational ones as quotients. */
  async numbers(entry: Entry, from = 0, count = entry.count - from): Promise<Float64Array> {
    if (count <= 0) return new Float64Array(0);
    const view = await this.#view(entry, from, count);
    const values = new Float64Array(count);
    const read = this.#reader(view, entry.type);
    const size = typeSizes[entry.type];
    for (let i = 0; i < count; i++) values[i] = read(i * size);
    return values;
  }

  #reader(view: DataView, type: number): (at: number) => number {
    const little = this.isLittleEndian;
    switch (type) {
      case 1:
      case ascii:
      case 7:
        return (at) => view.getUint8(at);
      case 3:
        return (at) => view.getUint16(at, little);
      case 4:
      case 13:
        return (at) => view.getUint32(at, little);
      case 5:
        return (at) => view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 6:
        return (at) => view.getInt8(at);
      case 8:
        return (at) => view.getInt16(at, little);
      case 9:
        return (at) => view.getInt32(at, little);
      case 10:
        return (at) => view.getInt32(at, little) / view.getInt32(at + 4, little);
      case 11:
        return (at) => view.getFloat32(at, little);
      case 12:
        return (at) => view.getFloat64(at, little);
      default:
        return (at) => Number(view.getBigUint64(at, little));
    }
  }

  /** A text; what follows the first NUL is left out. */
  async text(entry: Entry): Promise<string> {
    if (entry.type !== ascii || entry.count === 0) return '';
    const view = await this.#view(entry, 0, entry.count);
    const text = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('utf8');
    const end = text.indexOf('\0');
    return end < 0 ? text : text.slice(0, end);
  }

  /** The bytes of a tag as they are. */
  async raw(entry: Entry): Promise<Uint8Array> {
    const view = await this.#view(entry, 0, entry.count);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
}

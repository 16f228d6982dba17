import { crc32 } from 'node:zlib';
import type { Spool } from '../spool';

const limit16 = 0xffff;
const limit32 = 0xffffffff;
/** The first moment that a ZIP file can name, so that equal contents make equal files. */
const date = (1 << 5) | 1;

interface Entry {
  readonly name: Buffer;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

/** Version, flags (names in UTF-8), method (stored), time, date, checksum, sizes, lengths: common to both records. */
function fields(entry: Entry, extraBytes: number, version: number): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt16LE(version, 0);
  bytes.writeUInt16LE(0x0800, 2);
  bytes.writeUInt16LE(date, 8);
  bytes.writeUInt32LE(entry.crc, 10);
  bytes.writeUInt32LE(Math.min(entry.size, limit32), 14);
  bytes.writeUInt32LE(Math.min(entry.size, limit32), 18);
  bytes.writeUInt16LE(entry.name.length, 22);
  bytes.writeUInt16LE(extraBytes, 24);
  return bytes;
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function localHeader(entry: Entry): Buffer {
  return Buffer.concat([signature(0x04034b50), fields(entry, 0, 20), entry.name]);
}

function centralHeader(entry: Entry): Buffer {
  const isFar = entry.offset >= limit32;
  const extra = Buffer.alloc(isFar ? 12 : 0);
  if (isFar) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(entry.offset), 4);
  }
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(Math.min(entry.offset, limit32), 10);
  const version = Buffer.alloc(2);
  version.writeUInt16LE(isFar ? 45 : 20);
  return Buffer.concat([
    ...[signature(0x02014b50), version, fields(entry, extra.length, isFar ? 45 : 20)],
    ...[rest, entry.name, extra],
  ]);
}

function endRecords(count: number, start: number, size: number): Buffer {
  const isFar = count >= limit16 || start + size >= limit32;
  const far = Buffer.alloc(isFar ? 76 : 0);
  if (isFar) {
    far.writeUInt32LE(0x06064b50, 0);
    far.writeBigUInt64LE(44n, 4);
    far.writeUInt16LE(45, 12);
    far.writeUInt16LE(45, 14);
    far.writeBigUInt64LE(BigInt(count), 24);
    far.writeBigUInt64LE(BigInt(count), 32);
    far.writeBigUInt64LE(BigInt(size), 40);
    far.writeBigUInt64LE(BigInt(start), 48);
    far.writeUInt32LE(0x07064b50, 56);
    far.writeBigUInt64LE(BigInt(start + size), 64);
    far.writeUInt32LE(1, 72);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, limit16), 8);
  end.writeUInt16LE(Math.min(count, limit16), 10);
  end.writeUInt32LE(Math.min(size, limit32), 12);
  end.writeUInt32LE(Math.min(start, limit32), 16);
  return Buffer.concat([far, end]);
}

/**
 * Writes a ZIP file of stored entries, entry by entry (PKWARE APPNOTE 6.3.10; ZIP64 where needed). Entries are below
 * 4 GB each, and nothing but their names and places is kept in memory.
 */
export class ZipWriter {
  readonly #entries: Entry[] = [];

  constructor(readonly spool: Spool) {}

  async add(name: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length >= limit32) throw new RangeError('An entry of a ZIP file is limited to 4 GB here');
    const entry: Entry = {
      name: Buffer.from(name),
      crc: crc32(bytes),
      size: bytes.length,
      offset: this.spool.length,
    };
    this.#entries.push(entry);
    await this.spool.append(localHeader(entry));
    await this.spool.append(bytes);
  }

  /** Writes the directory; nothing may be added after it. */
  async finish(): Promise<void> {
    const start = this.spool.length;
    for (const entry of this.#entries) await this.spool.append(centralHeader(entry));
    await this.spool.append(endRecords(this.#entries.length, start, this.spool.length - start));
  }
}

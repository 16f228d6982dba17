import { gzipSync } from 'node:zlib';

/** Consecutive tile ids with one content. In the root, `runLength` 0 points to a leaf directory. */
export interface DirectoryEntry {
  readonly tileId: number;
  runLength: number;
  readonly offset: number;
  readonly length: number;
}

/** What readers fetch first: header and root directory (PMTiles v3, section 2). */
const firstBytes = 16384;
export const headerBytes = 127;

class VarintWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  write(value: number): void {
    if (this.#length + 10 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2 + 10);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    // Beyond 32 bits: no bit operators.
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** A directory as it lies in the file: columns of differences, compressed with gzip. */
function encodeDirectory(entries: readonly DirectoryEntry[]): Buffer {
  const out = new VarintWriter(entries.length * 8 + 10);
  out.write(entries.length);
  entries.forEach(({ tileId }, i) => {
    out.write(tileId - (entries[i - 1]?.tileId ?? 0));
  });
  for (const { runLength } of entries) out.write(runLength);
  for (const { length } of entries) out.write(length);
  entries.forEach(({ offset }, i) => {
    const before = entries[i - 1];
    out.write(before && before.offset + before.length === offset ? 0 : offset + 1);
  });
  return gzipSync(out.bytes);
}

/** Directories that readers can work with: a root that comes with the first request, and leaves where it needs such. */
export function buildDirectories(entries: readonly DirectoryEntry[]): { root: Buffer; leaves: Buffer } {
  const single = encodeDirectory(entries);
  if (single.length <= firstBytes - headerBytes) return { root: single, leaves: Buffer.alloc(0) };
  for (let perLeaf = 4096; ; perLeaf *= 2) {
    const leaves: Buffer[] = [];
    const roots: DirectoryEntry[] = [];
    let offset = 0;
    for (let from = 0; from < entries.length; from += perLeaf) {
      const leaf = encodeDirectory(entries.slice(from, from + perLeaf));
      roots.push({ tileId: entries[from].tileId, runLength: 0, offset, length: leaf.length });
      leaves.push(leaf);
      offset += leaf.length;
    }
    const root = encodeDirectory(roots);
    if (root.length <= firstBytes - headerBytes) return { root, leaves: Buffer.concat(leaves) };
  }
}

import { inflateRawSync } from 'node:zlib';

const limit16 = 0xffff;
const limit32 = 0xffffffff;

interface Entry {
  readonly method: number;
  readonly stored: number;
  readonly size: number;
  readonly offset: number;
}

/** Where the directory is, from the records at the end (PKWARE APPNOTE 4.3.14 to 4.3.16). */
function findDirectory(view: DataView): { readonly start: number; readonly count: number } {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - limit16; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const [count, start] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    if (count !== limit16 && start !== limit32) return { start, count };
    const far = Number(view.getBigUint64(at - 20 + 8, true));
    return {
      start: Number(view.getBigUint64(far + 48, true)),
      count: Number(view.getBigUint64(far + 32, true)),
    };
  }
  throw new Error('it is no ZIP file');
}

/** Sizes and place of an entry, of which large ones are in a field of their own. */
function wide(view: DataView, at: number, nameLength: number, extraLength: number): number[] {
  const plain = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const end = at + 46 + nameLength + extraLength;
  for (let field = at + 46 + nameLength; field + 4 <= end; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4;
    return plain.map((value) => {
      if (value !== limit32) return value;
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    });
  }
  return plain;
}

/**
 * The entries of a ZIP file in memory, decompressed when they are asked for.
 * @param maxBytes of one entry
 * @throws Error for what is no ZIP file, is encrypted or too large
 */
export function unzip(
  bytes: Uint8Array,
  maxBytes: number,
): { readonly names: readonly string[]; get(name: string): Uint8Array | undefined } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { start, count } = findDirectory(view);
  const entries = new Map<string, Entry>();
  for (let index = 0, at = start; index < count; index++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error('the directory of the ZIP file is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    );
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const [size, stored, offset] = wide(view, at, nameLength, extraLength);
    if ((view.getUint16(at + 8, true) & 1) === 1) throw new Error('the ZIP file is encrypted');
    entries.set(name, { method: view.getUint16(at + 10, true), stored, size, offset });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return {
    names: [...entries.keys()],
    get(name) {
      const entry = entries.get(name);
      if (!entry) return undefined;
      if (entry.size > maxBytes) throw new Error(`its entry ${name} has more than ${maxBytes} bytes`);
      const { offset, stored, method } = entry;
      const data = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
      const packed = bytes.subarray(data, data + stored);
      if (method === 0) return packed;
      if (method !== 8) throw new Error(`its entry ${name} is compressed in a way that is not known here`);
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
    },
  };
}

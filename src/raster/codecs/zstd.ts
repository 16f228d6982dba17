import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** Node has had zstd since 22.15; before, a WebAssembly decoder does it. */
const native = (zlib as { zstdDecompress?: unknown }).zstdDecompress as
  | ((data: Uint8Array, options: object, callback: (error: Error | null, out: Buffer) => void) => void)
  | undefined;
const nativeAsync = native && promisify(native);

let decoder: Promise<{ decode(data: Uint8Array, size: number): Uint8Array }> | undefined;

/** The decoder in WebAssembly, for those who cannot wait for each piece. */
export function wasmDecoder() {
  decoder ??= import('zstddec').then(async ({ ZSTDDecoder }) => {
    const created = new ZSTDDecoder();
    await created.init();
    return created;
  });
  return decoder;
}

/** One zstd frame, at most `expected` bytes of it. @throws Error for damaged data. */
export async function decodeZstd(bytes: Uint8Array, expected: number): Promise<Uint8Array> {
  if (nativeAsync) {
    const out = await nativeAsync(bytes, {
      chunkSize: Math.max(64, expected + 64),
      maxOutputLength: expected + 4096,
    });
    return out.length > expected ? out.subarray(0, expected) : out;
  }
  return decodeZstdWasm(bytes, expected);
}

/** The same without Node's own decoder. */
export async function decodeZstdWasm(bytes: Uint8Array, expected: number): Promise<Uint8Array> {
  const out = (await wasmDecoder()).decode(bytes, expected);
  return out.length > expected ? out.subarray(0, expected) : out;
}

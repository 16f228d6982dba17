import { addAbortSignal, type Readable } from 'node:stream';
import { OpenEOError } from '../../base/errors';
import type { PutOptions } from './types';

/**
 * The bytes of a body. The stream is left as it is when the body is refused (its sender waits for an answer);
 * only an abort destroys it, because one that has stalled would never end.
 * @throws OpenEOError `FileSizeExceeded`; the signal's reason; the stream's own error
 */
export async function* boundedChunks(
  body: Readable | Uint8Array,
  { maxBytes = Number.POSITIVE_INFINITY, signal }: PutOptions,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  let size = 0;
  const bounded = (chunk: Uint8Array): Uint8Array => {
    size += chunk.length;
    if (size > maxBytes) throw new OpenEOError('FileSizeExceeded', { size: `${maxBytes} bytes` });
    return chunk;
  };
  if (body instanceof Uint8Array) {
    yield bounded(body);
    return;
  }
  if (signal) addAbortSignal(signal, body);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }))
      yield bounded(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  } finally {
    signal?.throwIfAborted();
  }
}

/** Bytes in pieces of equal size; only the last may be smaller. Nothing comes of nothing. */
export async function* equalParts(
  chunks: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, partBytes - size);
      rest = rest.subarray(piece.length);
      pieces.push(piece);
      size += piece.length;
      if (size < partBytes) continue;
      yield pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, size);
      pieces = [];
      size = 0;
    }
  }
  if (size > 0) yield pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, size);
}

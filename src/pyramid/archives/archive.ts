import type { Readable } from 'node:stream';
import type { TileAddress } from '../../geo/types';
import type { PyramidPlan, TileFormat } from '../types';

/** What an archive is made of. */
export interface ArchiveRequest {
  readonly plan: PyramidPlan;
  readonly format: TileFormat;
  readonly name: string;
  /** The tiles that exist. */
  readonly tiles: readonly TileAddress[];
  /** Undefined: it does not exist after all. */
  read(tile: TileAddress, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** For scratch files, which the caller removes. */
  readonly folder: string;
  readonly signal: AbortSignal;
  onProgress?(share: number): void;
}

/** All tiles in one file. */
export interface Archive {
  readonly fileName: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  open(): Readable;
}

/** Tiles that are fetched ahead. */
const readAhead = 16;

/** Reads tiles several at once and hands them on in their order. */
export async function* inOrder(
  tiles: Iterable<TileAddress>,
  { read, signal }: Pick<ArchiveRequest, 'read' | 'signal'>,
): AsyncGenerator<{ readonly tile: TileAddress; readonly body: Uint8Array | undefined }> {
  const waiting: { tile: TileAddress; body: Promise<Uint8Array | undefined> }[] = [];
  const next = async () => {
    signal.throwIfAborted();
    const { tile, body } = waiting.shift()!;
    return { tile, body: await body };
  };
  try {
    for (const tile of tiles) {
      const body = read(tile, signal);
      body.catch(() => {});
      waiting.push({ tile, body });
      if (waiting.length >= readAhead) yield await next();
    }
    while (waiting.length > 0) yield await next();
  } finally {
    await Promise.allSettled(waiting.map(({ body }) => body));
  }
}

import { unreadable } from '../bytes/unreadable';
import { discard, recycle } from '../recycled';
import type { ByteSource } from '../source';
import { type ImageLayout, sampleBytes } from '../tiff/image';
import { canStopEarly, compressions, decompress, isSelfContained } from './decompress';
import { emptyPlane, type Plane, toPlanes } from './planes';

/** Bytes that a decompressed block takes. */
function blockBytes(layout: ImageLayout): number {
  const samples = layout.isPlanar ? 1 : layout.samples;
  if (layout.bits < 8) return Math.ceil((layout.blockWidth * samples * layout.bits) / 8) * layout.blockHeight;
  return layout.blockWidth * layout.blockHeight * samples * sampleBytes(layout);
}

/**
 * Reads and decodes one block.
 * @param plane the sample whose blocks are meant, where each sample has its own; else 0.
 * @param wanted samples to take out, in this order.
 * @param rowsWanted rows from the top that are needed: the planes may end below them, which saves decoding the rest.
 * @param fill what blocks that the file leaves out are full of.
 * @throws OpenEOError `SourceUnreadable` for damaged data.
 */
export function readBlock(
  source: ByteSource,
  layout: ImageLayout,
  position: BlockPosition,
  wanted: readonly number[],
  rowsWanted: number,
  fill: number,
  signal?: AbortSignal,
): Promise<Plane[]> {
  const isCut = rowsWanted < layout.blockHeight && canStopEarly(layout.compression);
  const part = isCut ? { ...layout, blockHeight: rowsWanted } : layout;
  return decodeBlock(source, layout, part, position, signal, (raw) => {
    if (raw) {
      const planes = toPlanes(part, raw, wanted);
      discard(raw);
      return planes;
    }
    return wanted.map(() => {
      const plane = emptyPlane(part.kind, part.blockWidth * part.blockHeight);
      if (fill !== 0) plane.fill(fill);
      return plane;
    });
  });
}

/** Whether the bytes of decompressed blocks are pixels as they are, with all of their samples side by side. */
export function isPlainBytes(layout: ImageLayout): boolean {
  return (
    layout.kind === 'uint8' &&
    layout.bits === 8 &&
    !layout.isPlanar &&
    layout.compression !== compressions.lerc &&
    (layout.predictor === 1 || isSelfContained(layout.compression))
  );
}

/**
 * Reads one block of an image of plain bytes; a short strip has fewer. Blocks that the file leaves out are all zero.
 * @throws OpenEOError `SourceUnreadable` for damaged data.
 */
export function readBytes(
  source: ByteSource,
  layout: ImageLayout,
  position: Omit<BlockPosition, 'plane'>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return decodeBlock(
    source,
    layout,
    layout,
    { ...position, plane: 0 },
    signal,
    (raw) => raw ?? new Uint8Array(blockBytes(layout)),
  );
}

interface BlockPosition {
  readonly column: number;
  readonly row: number;
  readonly plane: number;
}

/**
 * @param part the layout, of as many rows of the block as are decoded
 * @param use makes something of the decompressed bytes, or of there being none
 */
async function decodeBlock<T>(
  source: ByteSource,
  layout: ImageLayout,
  part: ImageLayout,
  position: BlockPosition,
  signal: AbortSignal | undefined,
  use: (raw: Uint8Array | undefined) => T,
): Promise<T> {
  const index = (position.plane * layout.down + position.row) * layout.across + position.column;
  const { offset, length } = await layout.locate(index);
  if (length === 0) return use(undefined);
  // Incompressible data grows a little; more than that is no real block.
  if (length > blockBytes(layout) * 2 + 65536)
    throw unreadable(source.id, 'a block is longer than its pixels need');
  const bytes = await source.read(offset, length, signal);
  if (bytes.length < length) throw unreadable(source.id, 'the file ends before its data does');
  try {
    const expected = blockBytes(part);
    const raw = await decompress(part, bytes, expected, part !== layout);
    const rows = Math.min(part.blockHeight, layout.height - position.row * layout.blockHeight);
    const needed = layout.isTiled ? expected : Math.floor((expected / part.blockHeight) * rows);
    if (raw.length < needed && layout.compression !== 34887) throw new Error('a block has too little data');
    const isCopy = raw.buffer !== bytes.buffer;
    const result = use(raw);
    if (isCopy) recycle(bytes);
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : 'unknown failure';
    throw unreadable(source.id, `a block cannot be decoded: ${reason}`, error);
  }
}

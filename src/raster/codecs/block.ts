import { unreadable } from '../bytes/unreadable';
import type { ByteSource } from '../source';
import { type ImageLayout, sampleBytes } from '../tiff/image';
import { decompress } from './decompress';
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
 * @param fill what blocks that the file leaves out are full of.
 * @throws OpenEOError `SourceUnreadable` for damaged data.
 */
export async function readBlock(
  source: ByteSource,
  layout: ImageLayout,
  position: { readonly column: number; readonly row: number; readonly plane: number },
  wanted: readonly number[],
  fill: number,
  signal?: AbortSignal,
): Promise<Plane[]> {
  const index = (position.plane * layout.down + position.row) * layout.across + position.column;
  const { offset, length } = await layout.locate(index);
  const expected = blockBytes(layout);
  if (length === 0)
    return wanted.map(() => {
      const plane = emptyPlane(layout.kind, layout.blockWidth * layout.blockHeight);
      if (fill !== 0) plane.fill(fill);
      return plane;
    });
  // Incompressible data grows a little; more than that is no real block.
  if (length > expected * 2 + 65536) throw unreadable(source.id, 'a block is longer than its pixels need');
  const bytes = await source.read(offset, length, signal);
  if (bytes.length < length) throw unreadable(source.id, 'the file ends before its data does');
  try {
    const raw = await decompress(layout, bytes, expected);
    const rows = Math.min(layout.blockHeight, layout.height - position.row * layout.blockHeight);
    const needed = layout.isTiled ? expected : Math.floor((expected / layout.blockHeight) * rows);
    if (raw.length < needed && layout.compression !== 34887) throw new Error('a block has too little data');
    return toPlanes(layout, raw, wanted);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : 'unknown failure';
    throw unreadable(source.id, `a block cannot be decoded: ${reason}`, error);
  }
}

import type { NumericArray } from '../cube';
import { createValuesLike } from '../layers';
import { expectedBytes } from '../memory/sizes';
import { widest } from '../missing-values';
import { recycle } from '../recycled';
import { chunkPx } from '../scenes/band-reader';
import { alignedOffset } from '../warp/aligned';
import { common, copyCommon, sizeOf } from './areas';
import type { Area, LayerGroup, Pixels, Raster, ReadArea } from './layers';

/** What may wait for its other parts to be asked for, of one result; with little memory for pixels less. */
const mostHeldBytes = 128 * 2 ** 20;
/** Values of one chunk, which is read at once. */
const chunkValues = 4 << 20;
/** A block may be so many times as wide or high as an area: more would be computed long before it is wanted. */
const mostAreas = 4;

/** Some blocks of the source, as far as they lie in the raster. */
interface Chunk {
  readonly area: Area;
  readonly pixels: Promise<Pixels>;
  /** Pixels that nobody has asked for. */
  remaining: number;
  /** Readers that are not done with it. */
  readers: number;
  /** 0 until it is there. */
  bytes: number;
}

/**
 * Areas of a raster whose pixels are pixels of a source: made of chunks that begin and end where the blocks of the
 * source do, so that each block is decoded once wherever the areas lie. A chunk is kept until all of it has been asked
 * for, which is the border of what has been read so far; beyond `mostBytes`, and where there is no memory to spare,
 * what is left of the oldest is read again when it is wanted.
 */
export function bySourceBlocks(raster: Raster, read: ReadArea, mostBytes = mostHeldBytes): ReadArea {
  const { cube, grid } = raster;
  const { blocks, memory } = cube;
  const offset = blocks && alignedOffset(grid, blocks.grid);
  if (!offset) return read;
  const heldBytes = Math.min(mostBytes, memory?.spareBytes ?? mostBytes);
  const held = new Map<string, Chunk>();
  const holding = memory?.spare();
  // A writer that fails or is stopped does not ask for the rest.
  holding?.untilGone(held);
  /** Chunks that had to go before all of them was asked for. */
  const gone = new Set<string>();
  let bytes = 0;
  /** Pixels of a chunk, the same for all areas; null: areas are read as they are. */
  let size: Pick<Area, 'width' | 'height'> | null | undefined;

  const chooseSize = (area: Area, layers: number): typeof size => {
    if (blocks.width > mostAreas * area.width || blocks.height > mostAreas * area.height) return null;
    const most = chunkValues / layers;
    const count = (length: number, step: number) => Math.max(1, Math.floor(Math.min(length, chunkPx) / step));
    let across = count(area.width, blocks.width);
    let down = count(area.height, blocks.height);
    const pixels = () => across * blocks.width * down * blocks.height;
    if (pixels() > most) across = Math.max(1, Math.floor(most / (down * blocks.height * blocks.width)));
    if (pixels() > most) down = Math.max(1, Math.floor(most / (across * blocks.width * blocks.height)));
    const chosen = { width: across * blocks.width, height: down * blocks.height };
    // Writers go row by row or by squares: what they leave unfinished is a row of chunks or two.
    const row = { ...grid, height: chosen.height };
    return (expectedBytes(cube, { grid: row }) * layers) / raster.layers.length > heldBytes ? null : chosen;
  };

  const drop = (key: string, chunk: Chunk) => {
    if (held.get(key) !== chunk) return;
    held.delete(key);
    bytes -= chunk.bytes;
    holding?.shrinkTo(bytes);
  };

  const makeRoom = () => {
    for (const [key, chunk] of held) {
      if (bytes <= heldBytes && (holding?.resize(bytes) ?? true)) return;
      if (chunk.readers > 0 || chunk.bytes === 0) continue;
      gone.add(key);
      drop(key, chunk);
    }
  };

  const start = (key: string, area: Area, group: LayerGroup | undefined): Chunk => {
    const chunk: Chunk = {
      ...{ area, remaining: sizeOf(area), readers: 0, bytes: 0 },
      pixels: read(area, group),
    };
    held.set(key, chunk);
    chunk.pixels.then(
      ({ data, valid }) => {
        if (held.get(key) !== chunk) return;
        chunk.bytes = data.byteLength + (valid?.byteLength ?? 0);
        bytes += chunk.bytes;
        makeRoom();
      },
      // Whoever reads it has the error.
      () => {},
    );
    return chunk;
  };

  /** The chunks that an area lies in. */
  const chunksOf = (area: Area, { width, height }: Pick<Area, 'width' | 'height'>) => {
    const places: { readonly name: string; readonly area: Area }[] = [];
    const first = (at: number, from: number, step: number) => Math.floor((at + from) / step);
    for (let y = first(area.row, offset.row, height); y * height - offset.row < area.row + area.height; y++)
      for (
        let x = first(area.column, offset.column, width);
        x * width - offset.column < area.column + area.width;
        x++
      ) {
        const whole = { column: x * width - offset.column, row: y * height - offset.row, width, height };
        const inside = common(whole, { column: 0, row: 0, width: grid.width, height: grid.height });
        places.push({ name: `${x}/${y}`, area: inside });
      }
    return places;
  };

  return async (area, group) => {
    const layers = group?.count ?? raster.layers.length;
    const isWhole = area.width === grid.width && area.height === grid.height;
    if (size === undefined) size = isWhole ? null : chooseSize(area, layers);
    if (!size) return read(area, group);
    const parts = chunksOf(area, size).map(({ name, area: place }) => {
      const key = `${group?.from ?? 0}/${name}`;
      const wanted = common(area, place);
      if (gone.has(key)) return { area: wanted, pixels: read(wanted, group) };
      const chunk = held.get(key) ?? start(key, place, group);
      chunk.remaining -= sizeOf(wanted);
      chunk.readers++;
      return { key, chunk, area: place, pixels: chunk.pixels };
    });
    const pixels = await Promise.all(parts.map((part) => part.pixels));
    if (parts.length === 1 && sizeOf(parts[0].area) === sizeOf(area)) {
      const [{ key, chunk }] = parts;
      if (chunk) drop(key, chunk);
      return pixels[0];
    }
    const whole = assemble(
      parts.map((part, index) => ({ area: part.area, ...pixels[index] })),
      area,
      layers,
    );
    for (const [index, { key, chunk }] of parts.entries()) {
      if (!chunk) continue;
      chunk.readers--;
      if (chunk.remaining > 0 || chunk.readers > 0) continue;
      drop(key, chunk);
      recycle(pixels[index].data);
      recycle(pixels[index].valid);
    }
    return whole;
  };
}

/** An area of parts that cover it. */
function assemble(parts: readonly (Pixels & { readonly area: Area })[], area: Area, layers: number): Pixels {
  const length = layers * sizeOf(area);
  const type = parts.map(({ data }) => data).reduce((one, other) => widest(one, other) as NumericArray);
  const data = createValuesLike(type, length) as NumericArray;
  const valid = parts.some((part) => part.valid) ? new Uint8Array(length).fill(1) : undefined;
  for (const part of parts) {
    copyCommon(part.data, part.area, data, area, layers);
    if (valid && part.valid) copyCommon(part.valid, part.area, valid, area, layers);
  }
  return { data, valid, isNanMissing: parts[0].isNanMissing };
}

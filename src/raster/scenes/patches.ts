import type { BlockCache } from '../block-cache';
import { unreadable } from '../bytes/unreadable';
import { isPlainBytes, readBlock, readBytes } from '../codecs/block';
import { type Plane, planeSampleBytes } from '../codecs/planes';
import type { ImageLayout } from '../tiff/image';
import type { Level, TiffFile } from '../tiff/open';
import type { Patch } from '../warp/patch';

/** Source pixels from (x0, y0) to below (x1, y1); columns may leave the image where it goes round the globe. */
export interface PixelWindow {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** With more bands than this, blocks of interleaved bands are decoded for the wanted band alone. */
const maxTogether = 16;
/** Pixels of one patch; beyond it a file without overviews is being read at a tiny scale. */
const maxPatch = 2 ** 27;

/** Reads rectangles of pixels, through the cache of decoded blocks. */
export class PatchReader {
  constructor(readonly cache: BlockCache) {}

  /**
   * One sample of a level, with the file's mask or opacity beside it.
   * @param extent the pixels that this and other windows can be of; default: all
   * @throws OpenEOError `SourceUnreadable`
   */
  async read(
    file: TiffFile,
    level: Level,
    sample: number,
    window: PixelWindow,
    signal: AbortSignal,
    extent: PixelWindow = { x0: 0, y0: 0, x1: level.image.width, y1: level.image.height },
  ): Promise<Patch> {
    const { image, mask } = level;
    if (sample >= image.samples)
      throw unreadable(file.source.id, `it has ${image.samples} bands, number ${sample + 1} is wanted`);
    if ((window.x1 - window.x0) * (window.y1 - window.y0) > maxPatch)
      throw unreadable(file.source.id, 'it is too large for so small a scale; add overviews to it');
    const name = `${file.key}\n${level.index}`;
    const fill = file.nodata ?? 0;
    const values = this.#plane(file, image, name, sample, window, fill, signal, extent);
    if (mask) {
      const [patch, hidden] = await Promise.all([
        values,
        this.#plane(file, mask, `${name}m`, 0, window, 255, signal, extent),
      ]);
      return combine(patch, hidden);
    }
    if (image.alpha !== undefined && image.alpha !== sample && file.nodata === undefined) {
      const [patch, opacity] = await Promise.all([
        values,
        this.#plane(file, image, name, image.alpha, window, 0, signal, extent),
      ]);
      return combine(patch, opacity);
    }
    return values;
  }

  /** Whether `readPixels` can read a level: bytes without opacity, and nothing hides any of them. */
  static hasPlainPixels(file: TiffFile, { image, mask }: Level): boolean {
    return (
      isPlainBytes(image) && mask === undefined && image.alpha === undefined && file.nodata === undefined
    );
  }

  /**
   * All samples of a window inside a level's image, side by side.
   * @param room memory to read into @throws OpenEOError `SourceUnreadable`
   */
  async readPixels(
    file: TiffFile,
    { image, index }: Level,
    window: PixelWindow,
    room: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const { blockWidth, blockHeight, samples } = image;
    const stride = (window.x1 - window.x0) * samples;
    const place = (block: Uint8Array, column: number, row: number) => {
      const [left, top] = [column * blockWidth, row * blockHeight];
      const x0 = Math.max(window.x0, left);
      const length = (Math.min(window.x1, left + blockWidth) - x0) * samples;
      const end = Math.min(window.y1, top + blockHeight);
      for (let y = Math.max(window.y0, top); y < end; y++) {
        const from = ((y - top) * blockWidth + x0 - left) * samples;
        room.set(block.subarray(from, from + length), (y - window.y0) * stride + (x0 - window.x0) * samples);
      }
    };
    const jobs: Promise<void>[] = [];
    for (let row = Math.floor(window.y0 / blockHeight); row * blockHeight < window.y1; row++)
      for (let column = Math.floor(window.x0 / blockWidth); column * blockWidth < window.x1; column++) {
        const key = `${file.key}\n${index}/${column}/${row}/bytes`;
        const load = async (shared: AbortSignal) => [
          await readBytes(file.source, image, { column, row }, shared),
        ];
        jobs.push(
          this.cache.get(key, load, signal).then(([block]) => place(block as Uint8Array, column, row)),
        );
      }
    await Promise.all(jobs);
  }

  async #plane(
    file: TiffFile,
    image: ImageLayout,
    name: string,
    sample: number,
    window: PixelWindow,
    fill: number,
    signal: AbortSignal,
    extent: PixelWindow,
  ): Promise<Patch> {
    const { blockWidth, blockHeight } = image;
    const column0 = Math.floor(window.x0 / blockWidth);
    const column1 = Math.floor((window.x1 - 1) / blockWidth);
    const row0 = Math.floor(window.y0 / blockHeight);
    const row1 = Math.floor((window.y1 - 1) / blockHeight);
    const isInside = window.x0 >= 0 && window.x1 <= image.width;
    if (isInside && column0 === column1 && row0 === row1) {
      const block = await this.#block(file, image, name, sample, column0, row0, window, fill, signal, extent);
      const data = block.plane;
      return {
        data,
        release: block.release,
        stride: blockWidth,
        x0: column0 * blockWidth,
        y0: row0 * blockHeight,
        width: Math.min(blockWidth, image.width - column0 * blockWidth),
        height: Math.min(data.length / blockWidth, image.height - row0 * blockHeight),
      };
    }
    const width = window.x1 - window.x0;
    const height = window.y1 - window.y0;
    let data: Plane | undefined;
    const place = (block: Plane, left: number, from: PixelWindow) => {
      data ??= new (block.constructor as Uint8ArrayConstructor)(width * height);
      // As bytes, which are copied the same way whatever they stand for.
      const size = block.BYTES_PER_ELEMENT;
      const bytes = new Uint8Array(data.buffer);
      const length = (from.x1 - from.x0) * size;
      for (let y = from.y0; y < from.y1; y++) {
        const start = (y % blockHeight) * blockWidth + (from.x0 % blockWidth);
        const row = new Uint8Array(block.buffer, block.byteOffset + start * size, length);
        bytes.set(row, ((y - window.y0) * width + left) * size);
      }
    };
    const jobs: Promise<void>[] = [];
    for (const run of columnRuns(window, image.width))
      for (let row = row0; row <= row1; row++)
        for (let column = Math.floor(run.x0 / blockWidth); column * blockWidth < run.x1; column++) {
          const part = {
            x0: Math.max(run.x0, column * blockWidth),
            x1: Math.min(run.x1, (column + 1) * blockWidth),
            y0: Math.max(window.y0, row * blockHeight),
            y1: Math.min(window.y1, (row + 1) * blockHeight),
          };
          jobs.push(
            this.#block(file, image, name, sample, column, row, part, fill, signal, extent).then((block) => {
              place(block.plane, run.left + part.x0 - run.x0, part);
              block.release();
            }),
          );
        }
    await Promise.all(jobs);
    return { data: data ?? new Uint8Array(0), stride: width, x0: window.x0, y0: window.y0, width, height };
  }

  /** A block for a part of its pixels: one that isn't kept need not be decoded any further down. */
  async #block(
    file: TiffFile,
    image: ImageLayout,
    name: string,
    sample: number,
    column: number,
    row: number,
    part: PixelWindow,
    fill: number,
    signal: AbortSignal,
    extent: PixelWindow,
  ): Promise<{ readonly plane: Plane; release(): void }> {
    const isTogether = !image.isPlanar && image.samples <= maxTogether;
    const plane = image.isPlanar ? sample : 0;
    const wanted = isTogether ? Array.from({ length: image.samples }, (_, index) => index) : [sample];
    const { blockWidth, blockHeight } = image;
    const bytes = blockWidth * blockHeight * wanted.length * planeSampleBytes(image.kind);
    const rows = this.cache.keeps(bytes) ? blockHeight : Math.min(blockHeight, part.y1 - row * blockHeight);
    const rowsKey = rows < blockHeight ? `/${rows}` : '';
    const key = `${name}/${column}/${row}/${isTogether ? '' : sample}${rowsKey}`;
    const inside = {
      x0: Math.max(extent.x0, column * blockWidth),
      y0: Math.max(extent.y0, row * blockHeight),
      x1: Math.min(extent.x1, (column + 1) * blockWidth, image.width),
      y1: Math.min(extent.y1, (row + 1) * blockHeight, image.height),
    };
    const whole = commonPixels(inside, inside);
    const use = { sample, share: whole > 0 ? commonPixels(part, inside) / whole : 1 };
    const planes =
      this.cache.peek(key, use) ??
      (await this.cache.get(
        key,
        (shared) => readBlock(file.source, image, { column, row, plane }, wanted, rows, fill, shared),
        signal,
        use,
      ));
    return { plane: planes[isTogether ? sample : 0], release: () => this.cache.release(planes) };
  }
}

function commonPixels(one: PixelWindow, other: PixelWindow): number {
  const width = Math.min(one.x1, other.x1) - Math.max(one.x0, other.x0);
  const height = Math.min(one.y1, other.y1) - Math.max(one.y0, other.y0);
  return Math.max(0, width) * Math.max(0, height);
}

/** A range of columns as ranges inside the image; what leaves it on one side comes in on the other. */
function columnRuns(window: PixelWindow, imageWidth: number): { x0: number; x1: number; left: number }[] {
  const runs: { x0: number; x1: number; left: number }[] = [];
  for (let x = window.x0; x < window.x1; ) {
    const inside = ((x % imageWidth) + imageWidth) % imageWidth;
    const length = Math.min(window.x1 - x, imageWidth - inside);
    runs.push({ x0: inside, x1: inside + length, left: x - window.x0 });
    x += length;
  }
  return runs;
}

/** Values with what hides them, on the layout of the values; only where both were read. */
function combine(patch: Patch, hidden: Patch): Patch {
  const valid = new Uint8Array(patch.data.length);
  const x0 = Math.max(patch.x0, hidden.x0);
  const x1 = Math.min(patch.x0 + patch.width, hidden.x0 + hidden.width);
  const y0 = Math.max(patch.y0, hidden.y0);
  const y1 = Math.min(patch.y0 + patch.height, hidden.y0 + hidden.height);
  for (let y = y0; y < y1; y++) {
    let to = (y - patch.y0) * patch.stride + x0 - patch.x0;
    let from = (y - hidden.y0) * hidden.stride + x0 - hidden.x0;
    for (let x = x0; x < x1; x++) valid[to++] = hidden.data[from++] !== 0 ? 1 : 0;
  }
  hidden.release?.();
  return { ...patch, valid };
}

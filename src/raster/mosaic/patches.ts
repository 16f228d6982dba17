import { OpenEOError } from '../../base/errors';
import { Limiter } from '../../base/limiter';
import type { BlockCache } from '../block-cache';
import type { PatchSource } from '../scenes/band-reader';
import type { PixelWindow } from '../scenes/patches';
import type { CellPicture, MosaicCubeOptions } from '../source';
import type { Patch } from '../warp/patch';
import { decodePicture, type Planes, shrink } from './decode';
import type { MosaicPyramid, MosaicResolution } from './pyramid';

/** Cells that one patch may consist of. */
export const maxCells = 4096;
/** Pictures that are decoded at the same time. */
const concurrency = 8;

/** Columns and rows of cells, the last ones included, counted from the first of the level. */
interface CellRange {
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
}

/** What stands between a window and its cells. */
interface Found extends CellRange {
  /** Row by row. */
  readonly pictures: readonly (CellPicture | undefined)[];
}

/** Reads rectangles of pixels of the pictures of cells. Make one per window: it asks for the same cells once. */
export class MosaicPatches implements PatchSource<MosaicResolution, MosaicPyramid> {
  readonly #found = new Map<string, Promise<Found>>();
  readonly #limiter = new Limiter(concurrency);

  constructor(
    readonly cache: BlockCache,
    readonly find: MosaicCubeOptions['find'],
    /** Positions are exact, so that the pixel of safety around windows is not needed; it would cost whole pictures. */
    readonly isExact: boolean,
  ) {}

  /** @throws OpenEOError `ProcessGraphComplexity`, `SourceUnreadable`, and those of `find` */
  async read(
    pyramid: MosaicPyramid,
    resolution: MosaicResolution,
    sample: number,
    window: PixelWindow,
    signal: AbortSignal,
  ): Promise<Patch> {
    const { picturePx, image } = resolution;
    const pad = this.isExact ? 1 : 0;
    const cells = (from: number, to: number, end: number) =>
      [
        Math.floor((from > 0 ? from + pad : 0) / picturePx),
        Math.floor(((to < end ? to - pad : end) - 1) / picturePx),
      ] as const;
    const { columns, rows, pictures } = await this.#cells(pyramid, {
      columns: cells(window.x0, window.x1, image.width),
      rows: cells(window.y0, window.y1, image.height),
    });
    const decoded = await Promise.all(
      pictures.map((picture) => picture && this.#planes(picture, pyramid, resolution, signal)),
    );
    const [only] = decoded;
    if (decoded.length === 1 && only) {
      const place = { x0: columns[0] * picturePx, y0: rows[0] * picturePx };
      const size = { stride: picturePx, width: picturePx, height: picturePx };
      const data = only[sample] ?? opaque(picturePx);
      return { ...place, ...size, data, ...(only[3] && { valid: only[3] }) };
    }
    return assemble(decoded, sample, window, picturePx, columns, rows);
  }

  async #cells({ level }: MosaicPyramid, { columns, rows }: CellRange): Promise<Found> {
    const key = `${level.zoom}/${columns}/${rows}`;
    let found = this.#found.get(key);
    if (!found) {
      found = this.#look(level, columns, rows);
      this.#found.set(key, found);
    }
    return found;
  }

  async #look(
    level: MosaicPyramid['level'],
    columns: CellRange['columns'],
    rows: CellRange['rows'],
  ): Promise<Found> {
    const width = columns[1] - columns[0] + 1;
    const count = width * (rows[1] - rows[0] + 1);
    if (count > maxCells * 4)
      throw new OpenEOError('ProcessGraphComplexity', {
        reason: `one look needs ${count} tiles of zoom ${level.zoom}; ask for a smaller area or a finer scale.`,
      });
    const cells = Array.from({ length: count }, (_, index) => ({
      x: level.columns[0] + columns[0] + (index % width),
      y: level.rows[0] + rows[0] + Math.floor(index / width),
    }));
    return { columns, rows, pictures: await this.find(level.zoom, cells) };
  }

  /** Undefined where the picture has gone. */
  async #planes(
    picture: CellPicture,
    { level }: MosaicPyramid,
    { picturePx, factorX }: MosaicResolution,
    signal: AbortSignal,
  ): Promise<Planes | undefined> {
    const key = `cell\n${picture.key}\n${picturePx}`;
    const load = (shared: AbortSignal) =>
      this.#limiter.run(
        async () => {
          const bytes = await picture.bytes();
          if (!bytes) return [];
          return shrink(
            await decodePicture(bytes, level.sizePx, picture.key),
            level.sizePx,
            factorX,
          ) as Uint8Array[];
        },
        { signal: shared },
      );
    const planes = (this.cache.peek(key) ?? (await this.cache.get(key, load, signal))) as Planes;
    return planes.length === 0 ? undefined : planes;
  }
}

const opaquePlanes = new Map<number, Uint8Array>();

/** The opacity of pictures that are opaque throughout. */
function opaque(sizePx: number): Uint8Array {
  let plane = opaquePlanes.get(sizePx);
  if (!plane) {
    plane = new Uint8Array(sizePx * sizePx).fill(255);
    if (opaquePlanes.size < 16) opaquePlanes.set(sizePx, plane);
  }
  return plane;
}

/** The pixels of a window from several pictures; where there is none they are hidden. */
function assemble(
  decoded: readonly (Planes | undefined)[],
  sample: number,
  { x0, y0, x1, y1 }: PixelWindow,
  picturePx: number,
  columns: CellRange['columns'],
  rows: CellRange['rows'],
): Patch {
  const width = x1 - x0;
  const height = y1 - y0;
  const data = new Uint8Array(width * height);
  const isOpaque = decoded.every((planes) => planes !== undefined && planes.length === 3);
  const valid = isOpaque ? undefined : new Uint8Array(width * height);
  const across = columns[1] - columns[0] + 1;
  decoded.forEach((planes, index) => {
    if (!planes) return;
    const left = (columns[0] + (index % across)) * picturePx;
    const top = (rows[0] + Math.floor(index / across)) * picturePx;
    const [from, to] = [Math.max(x0, left), Math.min(x1, left + picturePx)];
    const plane = planes[sample];
    for (let y = Math.max(y0, top); y < Math.min(y1, top + picturePx); y++) {
      const source = (y - top) * picturePx - left;
      const target = (y - y0) * width - x0;
      if (plane) data.set(plane.subarray(source + from, source + to), target + from);
      else data.fill(255, target + from, target + to);
      if (!valid) continue;
      if (planes[3]) valid.set(planes[3].subarray(source + from, source + to), target + from);
      else valid.fill(255, target + from, target + to);
    }
  });
  return { data, stride: width, x0, y0, width, height, ...(valid && { valid }) };
}

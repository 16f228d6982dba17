import { promisify } from 'node:util';
import { constants, deflate } from 'node:zlib';
import type { NumericArray } from '../../cube';
import type { Area, LayerGroup, Pixels } from '../layers';
import { convertSamples, type Nodata, type SampleType, sampleKinds } from '../samples';
import { Spool } from '../spool';
import { halveInto, type OverviewMethod, type TilePixels } from './overview';
import { predictFloats, predictIntegers } from './predictor';

const deflateAsync = promisify(deflate);

export interface PyramidOptions {
  readonly width: number;
  readonly height: number;
  readonly groups: readonly LayerGroup[];
  readonly layers: number;
  readonly sampleType: SampleType;
  readonly nodata: Nodata;
  readonly tileSize: number;
  /** Samples of one pixel side by side, or each layer in tiles of its own. */
  readonly interleave: 'pixel' | 'band';
  readonly overviews: OverviewMethod | 'none';
  readonly compression: 'deflate' | 'none';
  readonly level: number;
  /** For noisy pixels: as small as the default strategy makes them, in half the time. */
  readonly strategy?: 'default' | 'rle';
  readonly signal: AbortSignal;
  read(area: Area, group: LayerGroup): Promise<Pixels>;
}

/** One resolution: its compressed tiles, in the order in which they were finished. */
export interface Level {
  readonly width: number;
  readonly height: number;
  readonly spool: Spool;
  /** By TIFF's tile number: where in the spool, and how many bytes. */
  readonly offsets: Float64Array;
  readonly byteCounts: Float64Array;
}

export interface Pyramid {
  /** Full resolution first. */
  readonly levels: readonly Level[];
  readonly isAnyMissing: boolean;
  close(): Promise<void>;
}

function layOut(options: PyramidOptions): Level[] {
  const levels: Level[] = [];
  const planes = options.interleave === 'band' ? options.layers : 1;
  for (let { width, height } = options; ; width = (width + 1) >> 1, height = (height + 1) >> 1) {
    const tiles = Math.ceil(width / options.tileSize) * Math.ceil(height / options.tileSize) * planes;
    levels.push({
      width,
      height,
      spool: new Spool(),
      offsets: new Float64Array(tiles),
      byteCounts: new Float64Array(tiles),
    });
    if (options.overviews === 'none' || Math.max(width, height) <= options.tileSize) return levels;
  }
}

/** The samples of one file tile: padded to the full size, interleaved, differenced, compressed. */
async function encodeTile(
  tile: TilePixels,
  from: number,
  count: number,
  options: PyramidOptions,
): Promise<Uint8Array> {
  const { tileSize } = options;
  const kind = sampleKinds[options.sampleType];
  const samples = kind.make(tileSize * tileSize * count);
  const isPadded = tile.width < tileSize || tile.height < tileSize;
  if (isPadded && options.nodata.value !== 0) samples.fill(options.nodata.value);
  for (let layer = 0; layer < count; layer++)
    for (let y = 0; y < tile.height; y++) {
      const start = ((from + layer) * tile.height + y) * tile.width;
      const out = y * tileSize * count + layer;
      if (count === 1) samples.set(tile.data.subarray(start, start + tile.width), out);
      else for (let x = 0; x < tile.width; x++) samples[out + x * count] = tile.data[start + x];
    }
  let bytes = new Uint8Array(samples.buffer);
  if (options.compression === 'none') return bytes;
  if (kind.format === 3)
    bytes = predictFloats(samples as Float32Array | Float64Array, tileSize * count, count) as typeof bytes;
  else predictIntegers(samples, tileSize * count, count);
  return deflateAsync(bytes, {
    level: options.level,
    strategy: options.strategy === 'rle' ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY,
    chunkSize: Math.max(1024, bytes.length >> 1),
  });
}

/**
 * Reads a raster tile by tile and makes its overviews on the way. The walk goes depth first through the
 * quadtree, so that only a handful of tiles is held whatever the size of the raster.
 */
export async function buildPyramid(options: PyramidOptions): Promise<Pyramid> {
  const { tileSize, nodata, signal } = options;
  const kind = sampleKinds[options.sampleType];
  const levels = layOut(options);
  let isAnyMissing = false;

  /** Compresses a tile; appends it when all that were begun before it are in the file. */
  const store = async (
    level: Level,
    column: number,
    row: number,
    tile: TilePixels,
    group: LayerGroup,
    turn: Promise<void>,
  ) => {
    const across = Math.ceil(level.width / tileSize);
    const number = row * across + column;
    const perPlane = across * Math.ceil(level.height / tileSize);
    const isSplit = options.interleave === 'band';
    const encoded = await Promise.all(
      isSplit
        ? Array.from({ length: group.count }, (_, layer) => encodeTile(tile, layer, 1, options))
        : [encodeTile(tile, 0, group.count, options)],
    );
    await turn;
    for (const [layer, bytes] of encoded.entries()) {
      const index = isSplit ? (group.from + layer) * perPlane + number : number;
      level.byteCounts[index] = bytes.length;
      level.offsets[index] = await level.spool.append(bytes);
    }
  };

  // Whatever finishes first, tiles are written in the order of the walk: equal rasters make equal files.
  const turns = levels.map(() => Promise.resolve());
  const inTurn = async <T>(depth: number, task: (turn: Promise<void>) => Promise<T>): Promise<T> => {
    const turn = turns[depth];
    const { promise, resolve } = Promise.withResolvers<void>();
    turns[depth] = promise;
    try {
      return await task(turn);
    } finally {
      resolve();
    }
  };

  const make = (depth: number, column: number, row: number, group: LayerGroup): Promise<TilePixels> =>
    inTurn(depth, (turn) => makeInTurn(depth, column, row, group, turn));

  const makeInTurn = async (
    depth: number,
    column: number,
    row: number,
    group: LayerGroup,
    turn: Promise<void>,
  ): Promise<TilePixels> => {
    signal.throwIfAborted();
    const level = levels[depth];
    const width = Math.min(tileSize, level.width - column * tileSize);
    const height = Math.min(tileSize, level.height - row * tileSize);
    const data: NumericArray = kind.make(width * height * group.count);
    const tile = { width, height, data };
    if (depth === 0) {
      const area = { column: column * tileSize, row: row * tileSize, width, height };
      const pixels = await options.read(area, group);
      if (convertSamples(pixels, data, options.sampleType, nodata)) isAnyMissing = true;
    } else {
      const finer = levels[depth - 1];
      const quarters: { x: number; y: number }[] = [];
      for (let y = 0; y < 2; y++)
        for (let x = 0; x < 2; x++)
          if ((column * 2 + x) * tileSize < finer.width && (row * 2 + y) * tileSize < finer.height)
            quarters.push({ x, y });
      const quarter = async ({ x, y }: { x: number; y: number }) => {
        const source = await make(depth - 1, column * 2 + x, row * 2 + y, group);
        const half = tileSize >> 1;
        const method = options.overviews as OverviewMethod;
        halveInto(source, tile, x * half, y * half, group.count, method, nodata.value, kind.format !== 3);
      };
      // Four at once on the lowest level keep readers and compressors busy; more would only hold memory.
      if (depth === 1) await settle(quarters.map(quarter));
      else for (const next of quarters) await quarter(next);
    }
    await store(level, column, row, tile, group, turn);
    return tile;
  };

  const close = async () => {
    await Promise.all(levels.map((level) => level.spool.close()));
  };
  try {
    const top = levels.length - 1;
    const columns = Math.ceil(levels[top].width / tileSize);
    const rows = Math.ceil(levels[top].height / tileSize);
    for (const group of options.groups)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) await make(top, column, row, group);
    return { levels, isAnyMissing, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for all, also when one fails, so that nothing still runs when the error is reported. */
async function settle(tasks: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(tasks)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

import { gridsAligned } from '../geo/grid';
import type { Grid } from '../geo/types';
import {
  type Block,
  type Cube,
  type DataType,
  type Dimension,
  defineCube,
  layerDimensions,
  type Window,
} from './cube';
import { warpBlockInTurns } from './warp';

export interface MemoryCubeOptions {
  readonly dimensions: readonly Dimension[];
  readonly grid?: Grid;
  /** C order: the non-horizontal dimensions in the cube's order, then height and width. */
  readonly data: Block['data'];
  /** Default: the lengths of the dimensions' labels, then those of the grid. */
  readonly shape?: readonly number[];
  /** Default: by the array's type. */
  readonly dataType?: DataType;
  /** Default: `mask` where `valid` is given, or for plain arrays; else `nan`. */
  readonly missing?: Cube['missing'];
  readonly nodata?: number | null;
  /** Default: `memory`; give another where the data can change. */
  readonly dataVersion?: string;
  readonly valid?: Uint8Array;
}

function typeOf(data: Block['data']): DataType {
  if (Array.isArray(data)) return 'text';
  return data.constructor.name.replace('Clamped', '').replace('Array', '').toLowerCase() as DataType;
}

/** Missing values of the `nan` form need an array that can hold NaN. */
function asFloats(data: Block['data'], missing: Cube['missing']): Block['data'] {
  if (
    missing === 'mask' ||
    Array.isArray(data) ||
    data instanceof Float32Array ||
    data instanceof Float64Array
  )
    return data;
  return data instanceof Uint32Array || data instanceof Int32Array
    ? Float64Array.from(data)
    : Float32Array.from(data);
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((result, length) => result * length, 1);
}

/** A cube whose values are at hand. Windows select labels; on another grid they are warped (nearest pixel). */
export function memoryCube(options: MemoryCubeOptions): Cube {
  const { dimensions, grid, valid } = options;
  const missing = options.missing ?? (valid || Array.isArray(options.data) ? 'mask' : 'nan');
  const data = asFloats(options.data, missing);
  const layers = layerDimensions({ dimensions, ...(grid && { grid }) });
  const lengths = layers.map((dimension) => dimension.labels?.length ?? 0);
  const shape = options.shape ?? [...lengths, ...(grid ? [grid.height, grid.width] : [])];
  if (product(shape) !== data.length || (valid && valid.length !== data.length))
    throw new TypeError(
      `A cube of shape ${shape.join(' × ')} needs ${product(shape)} values, not ${data.length}`,
    );
  const layerShape = grid ? shape.slice(0, -2) : shape;
  const pixels = grid ? grid.width * grid.height : 1;
  const whole: Block = { shape, data, ...(grid && { grid }), ...(valid && { valid }) };

  return defineCube({
    dimensions,
    ...(grid && { grid }),
    dataType: options.dataType ?? typeOf(options.data),
    nodata: options.nodata ?? null,
    missing,
    locality: 'local',
    isGridFixed: false,
    dataVersion: options.dataVersion ?? 'memory',
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      signal.throwIfAborted();
      const chosen = selectLayers(whole, layers, layerShape, pixels, window);
      if (!grid) return chosen;
      if (!window.grid) throw new TypeError('A window of a cube with a grid needs a grid');
      return (
        cropBlock(chosen, window.grid) ??
        warpBlockInTurns(chosen, window.grid, { resampling: 'near', missing }, signal)
      );
    },
  });
}

/** The layers that a window selects, in its order. */
function selectLayers(
  block: Block,
  layers: readonly Dimension[],
  shape: readonly number[],
  pixels: number,
  window: Window,
): Block {
  if (!layers.some(({ name }) => window.select?.has(name))) return block;
  const chosen = layers.map(
    ({ name }, axis) => window.select?.get(name) ?? Array.from({ length: shape[axis] }, (_, i) => i),
  );
  let offsets = [0];
  chosen.forEach((indices, axis) => {
    const stride = product(shape.slice(axis + 1));
    offsets = offsets.flatMap((offset) => indices.map((index) => offset + index * stride));
  });
  const pick = <A extends Block['data']>(from: A): A => {
    if (Array.isArray(from))
      return offsets.flatMap((offset) => from.slice(offset * pixels, (offset + 1) * pixels)) as unknown as A;
    const to = new (from.constructor as Float32ArrayConstructor)(offsets.length * pixels);
    offsets.forEach((offset, i) => {
      to.set((from as Float32Array).subarray(offset * pixels, (offset + 1) * pixels), i * pixels);
    });
    return to as unknown as A;
  };
  return {
    ...block,
    shape: [...chosen.map(({ length }) => length), ...block.shape.slice(shape.length)],
    data: pick(block.data),
    ...(block.valid && { valid: pick(block.valid) }),
  };
}

/** The part of a block that lies on the same pixels and inside of it; undefined elsewhere. */
function cropBlock(block: Block, target: Grid): Block | undefined {
  const source = block.grid!;
  if (!gridsAligned(source, target)) return undefined;
  const column = Math.round((target.originX - source.originX) / source.resX);
  const row = Math.round((source.originY - target.originY) / source.resY);
  if (column < 0 || row < 0 || column + target.width > source.width || row + target.height > source.height)
    return undefined;
  const layers = block.shape.slice(0, -2);
  const count = product(layers);
  const crop = <A extends Block['data']>(from: A): A => {
    const size = target.width * target.height;
    const to = Array.isArray(from)
      ? new Array(count * size)
      : new (from.constructor as Float32ArrayConstructor)(count * size);
    for (let layer = 0; layer < count; layer++)
      for (let y = 0; y < target.height; y++) {
        const start = (layer * source.height + row + y) * source.width + column;
        const at = layer * size + y * target.width;
        if (Array.isArray(to))
          for (let x = 0; x < target.width; x++) to[at + x] = (from as unknown[])[start + x];
        else to.set((from as unknown as Float32Array).subarray(start, start + target.width), at);
      }
    return to as unknown as A;
  };
  return {
    grid: target,
    shape: [...layers, target.height, target.width],
    data: crop(block.data),
    ...(block.valid && { valid: crop(block.valid) }),
  };
}

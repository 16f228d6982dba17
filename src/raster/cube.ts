import type { Bounds, Grid } from '../geo/types';
import type { MemoryBudget } from './memory/budget';

/** What a cube's values mean. Blocks may hold them in a wider array (see {@link Block}). */
export type DataType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'text';

/** Metadata of one band, as STAC's `eo:bands` and `raster:bands` have it. */
export interface BandInfo {
  readonly name: string;
  readonly commonName?: string;
  /** Micrometres. */
  readonly centerWavelength?: number;
  /** The range that pictures are stretched over when a graph does not say. */
  readonly statistics?: { readonly minimum: number; readonly maximum: number };
}

/** Identifier and properties of a GeoJSON Feature. */
export interface FeatureInfo {
  readonly id?: number | string;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

/**
 * A dimension. `labels` exist for all but the horizontal dimensions of a cube with a grid,
 * whose labels follow from the grid.
 */
export type Dimension =
  | {
      readonly type: 'spatial';
      readonly name: string;
      readonly axis: 'x' | 'y' | 'z';
      readonly labels?: readonly (number | string)[];
      readonly referenceSystem?: number | string | object;
    }
  | { readonly type: 'temporal'; readonly name: string; readonly labels: readonly (number | string)[] }
  | {
      readonly type: 'bands';
      readonly name: string;
      readonly labels: readonly (number | string)[];
      readonly bands?: readonly BandInfo[];
    }
  | {
      readonly type: 'geometry';
      readonly name: string;
      /** GeoJSON geometries in the coordinates of `referenceSystem` (WGS 84 where it is absent); null is empty. */
      readonly labels: readonly unknown[];
      /** What is known of each geometry beside its place. */
      readonly features?: readonly FeatureInfo[];
      readonly referenceSystem?: number | string | object;
    }
  | {
      readonly type: 'other';
      readonly name: string;
      readonly labels: readonly (number | string)[];
      readonly referenceSystem?: string;
    };

export type NumericArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** What a reader of a cube asks for. */
export interface Window {
  /**
   * The output grid of the two horizontal dimensions: any position, size, resolution and reference
   * system. Required exactly when the cube has a grid.
   */
  readonly grid?: Grid;
  /** Where known, the pixels that all windows lie in which are read for one purpose: nothing beyond will be asked for. */
  readonly extent?: Grid;
  /** By dimension name: the indices of the wanted labels, in the wanted order. Absent: all of them. */
  readonly select?: ReadonlyMap<string, readonly number[]>;
}

/**
 * Pixels. C order over `shape`: the selected lengths of the cube's non-horizontal dimensions in the
 * cube's order, then height and width when the cube has a grid.
 */
export interface Block {
  readonly grid?: Grid;
  readonly shape: readonly number[];
  /** Numbers, or for `dataType` "text" plain values. */
  readonly data: NumericArray | unknown[];
  /** Only in the `mask` form: 1 where the value is valid, 0 where it is no-data. Absent: all are valid. */
  readonly valid?: Uint8Array;
}

/** How colours are drawn straight from indices: what the `colormap` process leaves for the PNG encoder. */
export interface Indexed {
  /** RGBA, four bytes an entry, 1 to 256 entries. */
  readonly palette: Uint8Array;
  /** One palette index per pixel of `window.grid`. */
  read(window: Window, signal: AbortSignal): Promise<Uint8Array>;
}

/** A step that makes one value of each value; only `kernel/` knows what it is made of. */
export interface ValueStep {
  readonly kernel: unknown;
}

/** How files are cut into blocks: from the corner of a grid on, in so many of its pixels. */
export interface SourceBlocks {
  readonly grid: Grid;
  readonly width: number;
  readonly height: number;
}

/**
 * A lazy data cube: what is known of it, and how to get a window of it. Immutable.
 * Values are computed when a sink reads, never before, and only for the window that it asks for.
 */
export interface Cube {
  readonly dimensions: readonly Dimension[];
  /**
   * The native grid of the two horizontal dimensions, for sinks that have no grid of their own.
   * Absent where the cube lacks one of them or they are irregular; then every dimension has labels.
   */
  readonly grid?: Grid;
  readonly dataType: DataType;
  /** What writers put in place of missing values (null: they choose). */
  readonly nodata: number | null;
  /**
   * `nan`: blocks are Float32Array or Float64Array and NaN is the cube's declared no-data.
   * `mask`: blocks carry `valid`, and NaN is a value like others.
   */
  readonly missing: 'nan' | 'mask';
  /** `local`: a window needs only its surroundings. `whole`: any window needs the whole scene. */
  readonly locality: 'local' | 'whole';
  /** True where `resample_spatial` fixed the grid: windows on other grids are resampled from it. */
  readonly isGridFixed: boolean;
  /** Changes when the data behind it changes; enters ETags. */
  readonly dataVersion: string;
  /**
   * How the source of most pixels is cut: windows that begin and end where its blocks do share none of them. Only a hint
   * to readers of many windows, for as long as they ask for pixels of that grid.
   */
  readonly blocks?: SourceBlocks;
  /** Where what readers keep of windows counts, as windows that are being read do. */
  readonly memory?: MemoryBudget;
  readonly indexed?: Indexed;
  /**
   * The cube of what a step makes of each value, as bytes, computed along with the values, which then are never
   * written anywhere. Only cubes that compute what they hold have it, and only for a single reader. Undefined where
   * the step has to be taken by itself.
   */
  readonly fuse?: (step: ValueStep) => Cube | undefined;
  /**
   * @throws the signal's reason when it is aborted; OpenEOError `SourceUnreadable` and others of the source.
   */
  read(window: Window, signal: AbortSignal): Promise<Block>;
}

const cubes = new WeakSet<object>();

/** Makes a value recognisable as a cube; every cube is made through here. */
export function defineCube(cube: Cube): Cube {
  const frozen = Object.freeze({ ...cube });
  cubes.add(frozen);
  return frozen;
}

export function isCube(value: unknown): value is Cube {
  return typeof value === 'object' && value !== null && cubes.has(value);
}

/** A cube like `input` in all that `changes` does not name. An `indexed` view and `fuse` are not inherited. */
export function deriveCube(input: Cube, changes: Partial<Cube>): Cube {
  return defineCube({ ...input, indexed: undefined, fuse: undefined, ...changes });
}

/** True for the two dimensions that `grid` describes. */
export function isHorizontal(cube: Pick<Cube, 'grid'>, dimension: Dimension): boolean {
  return cube.grid !== undefined && dimension.type === 'spatial' && dimension.axis !== 'z';
}

/** The dimensions that blocks carry before height and width, in the cube's order. */
export function layerDimensions(cube: Pick<Cube, 'grid' | 'dimensions'>): Dimension[] {
  return cube.dimensions.filter((dimension) => !isHorizontal(cube, dimension));
}

/** The area of a grid in its own reference system. */
export function gridBounds(grid: Grid): Bounds {
  return {
    west: grid.originX,
    south: grid.originY - grid.height * grid.resY,
    east: grid.originX + grid.width * grid.resX,
    north: grid.originY,
  };
}

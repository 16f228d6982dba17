import type { Bounds, Grid } from '../geo/types';
import type { Block, Cube, DataType } from './cube';

/** Bytes by range, of a local file or over HTTP. */
export interface ByteSource {
  readonly id: string;
  /** Changes when the bytes change (ETag, or size and time). */
  version(signal?: AbortSignal): Promise<string>;
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Bytes that can be looked at again, and let go of. */
export interface FileSource extends ByteSource {
  /** False where the bytes have changed since they were first read. */
  isCurrent(signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** Where one band of one scene is and what its numbers mean; undefined fields: as the file says. */
export interface SceneBand {
  /** An absolute path or an http(s) address. */
  readonly href: string;
  /** Where the file is neither: its bytes; `href` then only names it. */
  readonly source?: FileSource;
  /** Zero-based sample of the file. */
  readonly sample: number;
  readonly nodata?: number;
  readonly scale?: number;
  readonly offset?: number;
}

/** Pictures taken at one time; several scenes of one time are mosaicked, earlier ones on top. */
export interface Scene {
  readonly datetime: string;
  /** WGS 84. */
  readonly bbox: readonly [number, number, number, number];
  readonly bands: ReadonlyMap<string, SceneBand>;
}

export interface SceneCubeOptions {
  readonly scenes: readonly Scene[];
  /** Labels of the bands dimension, in order. */
  readonly bands: readonly {
    readonly name: string;
    readonly commonName?: string;
    readonly statistics?: { readonly minimum: number; readonly maximum: number };
  }[];
  /** Names of the dimensions, as the collection's `cube:dimensions` has them. */
  readonly names: { readonly x: string; readonly y: string; readonly t: string; readonly bands: string };
  /** The order of the cube's dimensions; default t, bands, y, x. */
  readonly order?: readonly string[];
  /** Outside of it the cube has no data; in the units of `crs` (default WGS 84). */
  readonly extent?: { readonly bounds: Bounds; readonly crs?: Grid['crs'] };
  readonly dataVersion: string;
  /** How pixels are taken when a window's grid differs from the file's; default `near`. */
  readonly resampling?: Resampling;
}

export type Resampling =
  | 'near'
  | 'bilinear'
  | 'cubic'
  | 'cubicspline'
  | 'lanczos'
  | 'average'
  | 'mode'
  | 'max'
  | 'min'
  | 'med'
  | 'q1'
  | 'q3'
  | 'sum'
  | 'rms'
  | 'geometric';

/** A square picture of one cell of Web Mercator. */
export interface CellPicture {
  /** Identifies its bytes. */
  readonly key: string;
  /** JPEG, PNG or WEBP; undefined where it has gone meanwhile. */
  bytes(): Promise<Uint8Array | undefined>;
}

/** The cells of one zoom level that have pictures, or at least those between which all of them lie. */
export interface MosaicLevel {
  readonly zoom: number;
  /** Width of a picture; others are brought to it. */
  readonly sizePx: number;
  readonly columns: readonly [first: number, last: number];
  readonly rows: readonly [first: number, last: number];
}

/** Pictures of cells at one or several zoom levels, as one cube of four bands. */
export interface MosaicCubeOptions {
  /** At least one, from the coarsest to the finest. */
  readonly levels: readonly MosaicLevel[];
  /** The pictures of some cells, in their order; a few thousand at once at most. */
  find(
    zoom: number,
    cells: readonly { readonly x: number; readonly y: number }[],
  ): Promise<readonly (CellPicture | undefined)[]>;
  /** The label of the time dimension. */
  readonly time: string;
  readonly names: SceneCubeOptions['names'];
  readonly order?: readonly string[];
  /** Which of red, green, blue and opacity (0 to 3), and their labels. */
  readonly bands: readonly { readonly name: string; readonly commonName?: string; readonly sample: number }[];
  readonly dataVersion: string;
}

/** What a raster file says of itself. */
export interface RasterInfo {
  readonly grid: Grid;
  readonly samples: number;
  readonly dataType: DataType;
  readonly nodata?: number;
  /** The sample that holds opacity. */
  readonly alpha?: number;
  /** Whether its numbers stand for colours of a table. */
  readonly isPaletted: boolean;
  /** Whether its numbers have a scale or an offset to what they mean. */
  readonly isScaled: boolean;
  /** Smaller copies inside the file. */
  readonly overviews: number;
  readonly version: string;
  /** What the file calls its samples, where it does. */
  readonly descriptions: readonly (string | undefined)[];
}

/** Which bands of a file of bytes (`uint8`, without scale and offset) make a picture. */
export interface MeanPictureOptions {
  /** An absolute path or an http(s) address. */
  readonly href: string;
  /** One sample for grey, three for red, green and blue. */
  readonly colours: readonly number[];
  readonly opacity?: number;
}

/** Memory that pictures of one kind are drawn in, one after the other: what it holds is overwritten by the next one. */
export interface PictureRoom {
  picture?: Uint8Array;
  /** Source pixels. */
  source?: Uint8Array;
}

/** Opens raster files and makes cubes of scenes; keeps the cache of decoded blocks. */
export interface RasterReader {
  info(href: string, signal: AbortSignal, source?: FileSource): Promise<RasterInfo>;
  /** A cube with the dimensions t, bands, y and x. Its grid is that of the finest band over all scenes' extent. */
  sceneCube(options: SceneCubeOptions, signal: AbortSignal): Promise<Cube>;
  /** A cube on the finest zoom level's pixels; windows take the zoom level that fits, and others where it has none. */
  mosaicCube(options: MosaicCubeOptions): Cube;
  /**
   * Draws a file on another grid, each pixel the mean of those under it: interleaved colours and opacity, all zero where
   * there is nothing. What a scene cube resampled by `average` holds, at a fraction of the cost.
   * @param room what an earlier call left there is used again
   * @throws OpenEOError `SourceUnreadable`; the signal's reason
   */
  meanPicture(
    options: MeanPictureOptions,
    grid: Grid,
    signal: AbortSignal,
    room?: PictureRoom,
  ): Promise<Uint8Array>;
  /** A window of a cube on another grid; what `resample_spatial` and sinks use. */
  warp(
    block: Block,
    target: Grid,
    options: { readonly resampling: Resampling; readonly missing: Cube['missing'] },
  ): Block;
  close(): Promise<void>;
}

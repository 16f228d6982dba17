import type { Bounds, Grid } from '../geo/types';
import type { Block, Cube, DataType } from './cube';

/** Bytes by range, of a local file or over HTTP. */
export interface ByteSource {
  readonly id: string;
  /** Changes when the bytes change (ETag, or size and time). */
  version(signal?: AbortSignal): Promise<string>;
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Where one band of one scene is and what its numbers mean; undefined fields: as the file says. */
export interface SceneBand {
  /** An absolute path or an http(s) address. */
  readonly href: string;
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

/** What a raster file says of itself. */
export interface RasterInfo {
  readonly grid: Grid;
  readonly samples: number;
  readonly dataType: DataType;
  readonly nodata?: number;
  readonly version: string;
}

/** Opens raster files and makes cubes of scenes; keeps the cache of decoded blocks. */
export interface RasterReader {
  info(href: string, signal: AbortSignal): Promise<RasterInfo>;
  /** A cube with the dimensions t, bands, y and x. Its grid is that of the finest band over all scenes' extent. */
  sceneCube(options: SceneCubeOptions, signal: AbortSignal): Promise<Cube>;
  /** A window of a cube on another grid; what `resample_spatial` and sinks use. */
  warp(
    block: Block,
    target: Grid,
    options: { readonly resampling: Resampling; readonly missing: Cube['missing'] },
  ): Block;
  close(): Promise<void>;
}

import type { Readable } from 'node:stream';
import type { JsonSchema } from '../../base/json';
import type { Grid } from '../../geo/types';

/** What a sink asks a format to write. */
export interface EncodeRequest {
  /** The output grid; absent: the cube's own. */
  readonly grid?: Grid;
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** Values (width × height × labels) that may be read. @see Limits.pixels */
  readonly maxPixels: number;
}

export interface Encoded {
  readonly mediaType: string;
  /** With the dot. */
  readonly extension: string;
  readonly body: Uint8Array | Readable;
  /** False where every pixel is missing: a tile server may answer 204 instead. */
  readonly hasData: boolean;
}

/** An output format of `GET /file_formats`; one file each in `raster/formats/`. */
export interface OutputFormat {
  /** As the standard's clients know it: `PNG`, `GTiff`, `JSON`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description: string;
  /** What it takes: grids of pixels, cubes with geometries, cubes of numbers, or values of every kind. */
  readonly holds: 'pixels' | 'geometries' | 'cubes' | 'values';
  readonly gisDataTypes: readonly ('raster' | 'vector' | 'table' | 'other')[];
  /** JSON Schema (draft-07) by option name, each with a description and a default. */
  readonly parameters: Readonly<Record<string, JsonSchema & { readonly description: string }>>;
  readonly mediaType: string;
  readonly extension: string;
  /** Reads and writes in strips: memory does not grow with the picture, so jobs may write larger ones. */
  readonly isStreamed?: boolean;
  /**
   * @param data a Cube, or for formats that take it any JSON value.
   * @throws OpenEOError `ResultNotRenderable`, `ProcessGraphComplexity` (over `maxPixels`); ProcessException
   *   `FormatUnsuitable`, `DataCubeEmpty`
   */
  encode(data: unknown, request: EncodeRequest): Promise<Encoded>;
}

import type { JsonSchema } from '../../../base/json';
import type { Cube } from '../../cube';
import type { FileSource, RasterReader } from '../../source';

/** A file to be loaded, wherever it is. */
export interface InputFile {
  /** As messages call it. */
  readonly name: string;
  /** A web address, or a name for `source`. */
  readonly href: string;
  /** The bytes by ranges where `href` is no address. */
  readonly source?: FileSource;
  /** How many bytes it has, where that is known. */
  readonly size?: number;
  /** All bytes. @throws OpenEOError `SourceUnreadable`, also for more than `maxBytes` */
  bytes(maxBytes: number): Promise<Uint8Array>;
}

/** What a process asks an input format to load. */
export interface LoadRequest {
  readonly options: Readonly<Record<string, unknown>>;
  /** The process that loads, as messages name it. */
  readonly process: string;
  readonly signal: AbortSignal;
  /** Values that may be held in memory. @see Limits.pixels */
  readonly maxValues: number;
  readonly raster: RasterReader;
  /**
   * Takes memory for so many bytes more, before they are used; absent: nobody counts.
   * @throws OpenEOError `MemoryLimitExceeded`, `TooManyRequests`; the signal's reason
   */
  claim?(bytes: number): Promise<void>;
}

/** How the files of a format are decoded that are read as a whole. */
export interface Apart {
  /** Of all files. */
  readonly maxBytes: number;
  /** Fewer are decoded at once, because a thread takes longer to start. 0 where a small file can hold much. */
  readonly leastBytes: number;
  /** Bytes that decoding takes for each byte of a file, as a rule; what formats find out later they claim then. */
  readonly expansion: number;
}

/** An input format of `GET /file_formats`; one file each in `raster/formats/input/`. */
export interface InputFormat {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly gisDataTypes: readonly ('raster' | 'vector' | 'table' | 'other')[];
  /** JSON Schema (draft-07) by option name, each with a description and a default. */
  readonly parameters: Readonly<Record<string, JsonSchema & { readonly description: string }>>;
  /** For formats whose files are read as a whole: they may be decoded by a thread. */
  readonly apart?: Apart;
  /** Its cubes read files as they are read themselves, and hold nothing. */
  readonly isLazy?: boolean;
  /**
   * One cube of one or more files.
   * @throws ProcessException `FormatUnsuitable` for what is not of this format; OpenEOError `SourceUnreadable`,
   *   `ProcessGraphComplexity`, `ProcessParameterInvalid`
   */
  load(files: readonly InputFile[], request: LoadRequest): Promise<Cube>;
}

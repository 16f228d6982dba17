import type { Logger } from '../base/logger';
import type { ObjectStore } from '../store/objects/types';
import type { SourceTools } from './open-source';
import type { Stage } from './stages';

/** What lies under a prefix never changes once it is complete. */
export const cacheControl = 'public, max-age=31536000, immutable';

/** What all generations of a process work with. */
export interface PyramidParts extends Pick<SourceTools, 'raster' | 'limits'> {
  readonly objects: ObjectStore;
  /** Where scratch folders are made. */
  readonly scratchRoot: string;
}

export interface GenerateTools extends PyramidParts {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  onStage(stage: Stage): void;
}

export interface GenerateTarget {
  /** Folder in the object store, with a slash at the end. */
  readonly prefix: string;
  readonly name: string;
  /** Where readers will find the folder, without a trailing slash, where that is known. */
  readonly baseUrl?: string;
  /** What lies there from before this instant is made anew; absent: everything that lies there counts. */
  readonly keepSince?: Date;
}

/** A file beside the tiles. */
export interface GeneratedFile {
  readonly name: string;
  readonly key: string;
  readonly mediaType: string;
  readonly size: number;
  /** What it is to its readers, as STAC calls that. */
  readonly role: 'data' | 'metadata';
}

/** What a generation tells of itself; spelled as people read it. */
export interface GenerationResult {
  readonly tiles_path: string;
  readonly width: number;
  readonly height: number;
  readonly levels: number;
  readonly tile_count: number;
  readonly tile_size: number;
  readonly bounds: readonly number[];
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly layout: string;
  readonly format: string;
  readonly bytes: number;
  readonly skipped_empty: number;
}

export interface Generation {
  readonly result: GenerationResult;
  readonly files: readonly GeneratedFile[];
  /** West, south, east, north in degrees; absent for what has no place on Earth. */
  readonly bbox?: readonly [number, number, number, number];
}

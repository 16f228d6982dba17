import type { TileAddress } from '../geo/types';
import type { Microseconds } from './instant';

export type AssignmentStage = 'claimed' | 'submitted' | 'released';

/** The state of a user's tile, as `tile_assignment` returns it. */
export interface Assignment {
  readonly serviceId: string;
  readonly tile: TileAddress;
  readonly stage: AssignmentStage;
  readonly userId: string;
  /** What the owner keeps with the tile; at most 64 KiB as JSON. */
  readonly data?: unknown;
  readonly claimedAt: Date;
  readonly updatedAt: Date;
}

/** Inclusive on both ends. */
export type CellRange = readonly [minimum: number, maximum: number];

export interface TransitionRecord {
  readonly serviceId: string;
  readonly tile: TileAddress;
  readonly userId: string;
  /** Who did it: the user, or an administrator on the user's behalf. */
  readonly actorId: string;
  readonly from: AssignmentStage | 'free';
  readonly to: AssignmentStage | 'free';
  readonly at: Date;
}

/**
 * Who works on which tile (../../docs/tile-assignment.md). Guarantees hold under any concurrency and over
 * several server processes on one database, by constraints and transactions.
 */
export interface AssignmentStore {
  /** @throws OpenEOError `NoTileAvailable` */
  claim(request: {
    readonly serviceId: string;
    readonly userId: string;
    readonly actorId: string;
    readonly zoom: number;
    readonly xRange: CellRange;
    readonly yRange: CellRange;
  }): Promise<Assignment>;
  /** @throws OpenEOError `TileNotAssigned`, `TileAlreadyLocked` */
  release(serviceId: string, userId: string, actorId: string): Promise<Assignment>;
  /** @throws OpenEOError `TileNotAssigned`, `TileAlreadyLocked` */
  submit(serviceId: string, userId: string, actorId: string): Promise<Assignment>;
  /** @throws OpenEOError `TileNotAssigned` */
  forceRelease(serviceId: string, userId: string, actorId: string): Promise<Assignment>;
  /** @throws OpenEOError `TileNotAssigned` */
  update(serviceId: string, userId: string, actorId: string, data: unknown): Promise<Assignment>;
  get(serviceId: string, userId: string): Promise<Assignment | undefined>;
  /** All claimed and submitted tiles of a service, oldest claim first. */
  list(serviceId: string): Promise<readonly Assignment[]>;
  history(
    serviceId: string,
    filter?: { readonly userId?: string; readonly limit?: number },
  ): Promise<readonly TransitionRecord[]>;
}

/** Where tiles of the catalogue come from: a closed set. */
export type TileSource = 'google_maps' | 'uav';

/** A row of the catalogue. UUIDs are lowercase with hyphens. */
export interface CatalogueTile {
  readonly id: string;
  readonly tile: TileAddress;
  readonly locationHash: string;
  /** Of the centre; for people only. */
  readonly latitude: number;
  readonly longitude: number;
  readonly sizeMeters: number;
  readonly sizePixels: number;
  /** `jpeg`, `png`, `webp`; older rows may have other spellings. */
  readonly imageType: string;
  /** Key in the object store. */
  readonly filePath: string;
  readonly source: TileSource;
  /** Time of the download for google_maps, of the picture for uav. */
  readonly capturedAt: Microseconds;
  readonly createdAt: Microseconds;
  readonly updatedAt: Microseconds;
  readonly flightId?: string;
  /** Hexadecimal. */
  readonly contentSha256?: string;
  readonly byteCount?: number;
  readonly legacyId?: string;
}

/** As much of a tile as inventories tell. */
export type TileSummary = Pick<
  CatalogueTile,
  'id' | 'locationHash' | 'source' | 'capturedAt' | 'sizeMeters' | 'sizePixels' | 'byteCount'
>;

/** What a writer says of a tile whose file is stored already. */
export interface TileWrite {
  readonly tile: TileAddress;
  readonly source: TileSource;
  readonly capturedAt: Microseconds;
  /** Demanded of uav, refused of google_maps. */
  readonly flightId?: string;
  readonly filePath: string;
  readonly imageType: string;
  readonly sizePixels: number;
  /** Where given it must be within 1 % of the cell's size, which is what is kept. */
  readonly sizeMeters?: number;
  /** Hexadecimal, of the stored bytes. */
  readonly contentSha256: string;
  readonly byteCount: number;
}

export interface Written {
  readonly tile: CatalogueTile;
  /** The file of the row that was replaced: nothing points to it any more. */
  readonly replacedPath?: string;
  readonly isNew: boolean;
}

/** As much of the tile of a cell as serving its file needs; one index answers it. */
export interface TileFile {
  readonly id: string;
  readonly filePath: string;
  readonly source: TileSource;
  readonly updatedAt: Microseconds;
}

/** As much of a row as its file needs, unchecked. */
export interface RowFile {
  readonly id: string;
  readonly tile: TileAddress;
  readonly source: string;
  readonly flightId?: string;
  readonly imageType: string;
  readonly filePath: string;
  /** Hexadecimal. */
  readonly contentSha256?: string;
  readonly byteCount?: number;
}

/** What is known of a file once it was read. */
export type MovedFile = Required<Pick<RowFile, 'filePath' | 'imageType' | 'contentSha256' | 'byteCount'>>;

/** Cells of one zoom; two ranges of columns where a region crosses the antimeridian. */
export interface CellWindow {
  readonly zoom: number;
  readonly columns: readonly CellRange[];
  readonly rows: CellRange;
}

/** Position in a list of tiles: the last row of the page before. */
export interface TilePosition {
  readonly capturedAt: Microseconds;
  readonly id: string;
}

/** Which rows a reader looks at. Of those that are left the usual one of a cell is its tile. */
export interface TileFilter {
  readonly sources?: readonly TileSource[];
  /** Undefined among them: tiles without a flight. */
  readonly flights?: readonly (string | undefined)[];
  readonly capturedFrom?: Microseconds;
  /** Exclusive. */
  readonly capturedBefore?: Microseconds;
}

/** What there is at one zoom. Ranges may be larger than what is left after removals. */
export interface ZoomExtent {
  readonly zoom: number;
  /** Rows, at least one. */
  readonly rowCount: number;
  readonly columns: CellRange;
  readonly rows: CellRange;
  readonly captured: readonly [first: Microseconds, last: Microseconds];
  /** The largest width of a picture. */
  readonly sizePixels: number;
}

export interface CatalogueExtent {
  /** Another one after every change, in every process; the same one where nothing has changed. */
  readonly version: string;
  /** From the coarsest to the finest. */
  readonly zooms: readonly ZoomExtent[];
}

/**
 * Imagery tiles: one row per cell, source and flight. Of several rows of a cell the one with the greatest
 * `(capturedAt, updatedAt, id)` is its tile. Each method is one round trip to the database, except `write`.
 * @throws OpenEOError `TileRowInvalid` where a row says what no writer of this contract may write
 */
export interface TileCatalogue {
  /** Inserts or replaces the row of its cell, source and flight. @throws OpenEOError `TileInvalid` */
  write(tile: TileWrite): Promise<Written>;
  /** Which file is served for a cell. */
  file(locationHash: string): Promise<TileFile | undefined>;
  /** The tile of a cell. @throws OpenEOError `TileInvalid` */
  atCell(tile: TileAddress): Promise<CatalogueTile | undefined>;
  byHash(locationHash: string): Promise<CatalogueTile | undefined>;
  byId(id: string): Promise<CatalogueTile | undefined>;
  /** The tiles of many cells by location hash; hashes of empty cells are missing. */
  byHashes(
    locationHashes: readonly string[],
    filter?: TileFilter,
  ): Promise<ReadonlyMap<string, CatalogueTile>>;
  /** The same, with less of each tile. */
  summaries(
    locationHashes: readonly string[],
    filter?: TileFilter,
  ): Promise<ReadonlyMap<string, TileSummary>>;
  /** One tile per cell that has any, by row and column. */
  inWindow(window: CellWindow, limit: number): Promise<readonly CatalogueTile[]>;
  /** Tiles of a flight by `(capturedAt, id)`. */
  ofFlight(
    flightId: string,
    page: { readonly limit: number; readonly after?: TilePosition },
  ): Promise<readonly CatalogueTile[]>;
  /** All tiles, by id or by `(capturedAt, id)`. */
  inOrder(
    order: 'id' | 'captured_at',
    page: { readonly limit: number; readonly after?: TilePosition },
  ): Promise<readonly CatalogueTile[]>;
  /** What there is, from a table of few rows. */
  extent(): Promise<CatalogueExtent>;
  /** The flights that have tiles, sorted. */
  flights(): Promise<readonly string[]>;
  /** Removes one row; resolves to its file. */
  remove(id: string): Promise<string | undefined>;
  /** Removes the rows of a flight; resolves to their files. */
  removeFlight(flightId: string): Promise<readonly string[]>;
  /** The files of all rows by id, in pages, whatever else is wrong with a row. */
  allFiles(page: { readonly limit: number; readonly after?: string }): Promise<readonly RowFile[]>;
  /**
   * Notes another file of the same bytes for a row, unless the row has got another file meanwhile. The row stays the
   * same tile: nothing else of it changes. Resolves to whether it did.
   */
  moveFile(row: Pick<RowFile, 'id' | 'filePath'>, file: MovedFile): Promise<boolean>;
  /** Those of some files that a row points to. */
  referenced(filePaths: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Calls the listener with the location hash of each cell that is written to, or with undefined when writes may
   * have been missed. On PostgreSQL writes of other processes are among them. Returns the way to stop.
   */
  watch(listener: (locationHash: string | undefined) => void): () => void;
}

/** The database of TILEGRAPH_TILE_STORE_URL. */
export interface TileStore {
  readonly assignments: AssignmentStore;
  readonly catalogue: TileCatalogue;
  ping(): Promise<void>;
  close(): Promise<void>;
}

import type { TileAddress } from '../geo/types';

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
 * Who works on which tile (../docs/tile-assignment.md). Guarantees hold under any concurrency and over
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

/** The database of TILEGRAPH_TILE_STORE_URL. */
export interface TileStore {
  readonly assignments: AssignmentStore;
  ping(): Promise<void>;
  close(): Promise<void>;
}

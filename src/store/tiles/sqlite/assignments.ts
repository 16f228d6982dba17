import type { TileAddress } from '../../../geo/types';
import { bitOf, blockOf, topLevel } from '../../../tiles/blocks';
import { Claims } from '../../../tiles/claim';
import type { BlockSearch, ClaimRequest, ClaimSteps, WindowView } from '../../../tiles/claim-steps';
import { encodeData } from '../../../tiles/data';
import { TileAlreadyLockedError, TileNotAssignedError } from '../../../tiles/errors';
import { type BlockMask, openBlocks } from '../../../tiles/open-blocks';
import { type Transition, transitions } from '../../../tiles/stages';
import type { Assignment, AssignmentStore, TransitionRecord } from '../../../tiles/types';
import { type RandomInteger, randomCells } from '../../../tiles/window';
import type { SqliteSql } from '../../sql/types';
import { type AssignmentRow, type HistoryRow, readAssignment, readTransition } from '../rows';
import { SharedTransactions } from './shared-transactions';
import * as statements from './statements';

/** Who does what with a tile, for the history. */
interface Change {
  readonly serviceId: string;
  readonly tile: TileAddress;
  readonly userId: string;
  readonly actorId: string;
  readonly from: string;
  readonly to: string;
  readonly at: number;
}

/** Assignments in SQLite. Writers hold the database's only write lock, so nobody is ever faster half-way. */
export class SqliteAssignments implements AssignmentStore, ClaimSteps {
  readonly #transactions: SharedTransactions;
  readonly #claims: Claims;

  constructor(
    readonly sql: SqliteSql,
    readonly random: RandomInteger,
  ) {
    this.#transactions = new SharedTransactions(sql);
    this.#claims = new Claims(this, random);
  }

  claim(request: ClaimRequest): Promise<Assignment> {
    return this.#claims.claim(request);
  }

  release(serviceId: string, userId: string, actorId: string): Promise<Assignment> {
    return this.#move('release', serviceId, userId, actorId);
  }

  submit(serviceId: string, userId: string, actorId: string): Promise<Assignment> {
    return this.#move('submit', serviceId, userId, actorId);
  }

  forceRelease(serviceId: string, userId: string, actorId: string): Promise<Assignment> {
    return this.#move('force-release', serviceId, userId, actorId);
  }

  async update(serviceId: string, userId: string, _actorId: string, data: unknown): Promise<Assignment> {
    const text = encodeData(data);
    const row = await this.#transactions.run(() =>
      this.#row<AssignmentRow>(statements.keep, [text, Date.now(), serviceId, userId]),
    );
    if (!row) throw new TileNotAssignedError(serviceId, userId);
    return readAssignment(serviceId, row);
  }

  get(serviceId: string, userId: string): Promise<Assignment | undefined> {
    return this.sql.run(() => {
      const row = this.#row<AssignmentRow>(statements.get, [serviceId, userId]);
      return row && readAssignment(serviceId, row);
    });
  }

  list(serviceId: string): Promise<readonly Assignment[]> {
    return this.sql.run(() =>
      this.#rows<AssignmentRow>(statements.list, [serviceId]).map((row) => readAssignment(serviceId, row)),
    );
  }

  history(
    serviceId: string,
    { userId, limit }: { readonly userId?: string; readonly limit?: number } = {},
  ): Promise<readonly TransitionRecord[]> {
    return this.sql.run(() =>
      this.#rows<HistoryRow>(statements.history, [
        { service: serviceId, user: userId ?? null, limit: limit ?? -1 },
      ]).map((row) => readTransition(serviceId, row)),
    );
  }

  take(
    request: ClaimRequest,
    cells: number | readonly TileAddress[],
  ): Promise<Assignment | 'taken' | 'raced'> {
    const { serviceId, userId, actorId } = request;
    return this.#transactions.run(() => {
      const candidates = typeof cells === 'number' ? randomCells(request, cells, this.random) : cells;
      const tile = this.#firstFree(serviceId, candidates);
      if (!tile) return 'taken';
      const at = Date.now();
      if (!this.#write(statements.insert, [serviceId, tile.z, tile.x, tile.y, userId, at, at]))
        return 'raced';
      this.#mark(statements.fillBlock, serviceId, tile);
      this.#record({ serviceId, tile, userId, actorId, from: 'free', to: 'claimed', at });
      const claimedAt = new Date(at);
      return { serviceId, tile, stage: 'claimed', userId, claimedAt, updatedAt: claimedAt };
    });
  }

  look(request: ClaimRequest, userIds: readonly string[], search: BlockSearch): Promise<WindowView> {
    const { serviceId, zoom } = request;
    return this.sql.snapshot(() => ({
      blocks: openBlocks(request, search, ({ level, x, y }) =>
        this.#row<BlockMask>(statements.mask, [serviceId, zoom, level, x, y]),
      ),
      held: this.#rows<AssignmentRow>(statements.held, [JSON.stringify(userIds), serviceId]).map((row) =>
        readAssignment(serviceId, row),
      ),
    }));
  }

  #move(transition: Transition, serviceId: string, userId: string, actorId: string): Promise<Assignment> {
    const { from, to } = transitions[transition];
    return this.#transactions.run(() => {
      const row = this.#row<AssignmentRow>(statements.get, [serviceId, userId]);
      if (!row) throw new TileNotAssignedError(serviceId, userId);
      const tile: TileAddress = { z: row.z, x: row.x, y: row.y };
      if (!from.some((stage) => stage === row.stage)) throw new TileAlreadyLockedError(serviceId, tile);
      const at = Date.now();
      if (to === 'free') {
        this.#write(statements.remove, [serviceId, tile.z, tile.x, tile.y]);
        this.#mark(statements.clearBlock, serviceId, tile);
      } else this.#write(statements.advance, [to, at, serviceId, userId]);
      this.#record({ serviceId, tile, userId, actorId, from: row.stage, to, at });
      return readAssignment(serviceId, { ...row, updated_at: at }, to === 'free' ? 'released' : to);
    });
  }

  #firstFree(serviceId: string, cells: Iterable<TileAddress>): TileAddress | undefined {
    let group: TileAddress[] = [];
    const look = () => {
      const blocks = group.flatMap((cell) => {
        const { x, y } = blockOf(cell, 1);
        return [bitOf(cell, 1), x, y];
      });
      // A last group that is not full looks at its first cell again.
      while (blocks.length < 3 * statements.lookedAt) blocks.push(...blocks.slice(0, 3));
      const found = this.#row<{ cell: number }>(statements.firstFree, [...blocks, serviceId, group[0].z]);
      const cell = found && group[found.cell];
      group = [];
      return cell;
    };
    for (const cell of cells) {
      group.push(cell);
      if (group.length < statements.lookedAt) continue;
      const free = look();
      if (free) return free;
    }
    return group.length > 0 ? look() : undefined;
  }

  /** Changes the cell's bit, and that of each block above which thereby becomes full or ceases to be. */
  #mark(statement: string, serviceId: string, tile: TileAddress): void {
    for (let level = 1; level <= topLevel; level++) {
      const { x, y } = blockOf(tile, level);
      const bit = bitOf(tile, level);
      if (!this.#row<{ flips: number }>(statement, [bit, serviceId, tile.z, level, x, y, bit])?.flips) return;
    }
  }

  #record({ serviceId, tile, userId, actorId, from, to, at }: Change): void {
    this.#write(statements.record, [serviceId, tile.z, tile.x, tile.y, userId, actorId, from, to, at]);
  }

  #row<Row>(statement: string, values: readonly unknown[]): Row | undefined {
    return this.sql.prepare(statement).get(...values) as Row | undefined;
  }

  #rows<Row>(statement: string, values: readonly unknown[]): Row[] {
    return this.sql.prepare(statement).all(...values) as Row[];
  }

  /** How many rows changed. */
  #write(statement: string, values: readonly unknown[]): number {
    return this.sql.prepare(statement).run(...values).changes;
  }
}

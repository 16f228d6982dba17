import { setTimeout as delay } from 'node:timers/promises';
import type { TileAddress } from '../../../geo/types';
import type { Cover, OpenBlock } from '../../../tiles/blocks';
import { type ClaimRequest, type ClaimSteps, claimTile } from '../../../tiles/claim';
import { encodeData } from '../../../tiles/data';
import { TileAlreadyLockedError, TileNotAssignedError } from '../../../tiles/errors';
import { type Transition, transitions } from '../../../tiles/stages';
import type { Assignment, AssignmentStore, TransitionRecord } from '../../../tiles/types';
import type { RandomInteger } from '../../../tiles/window';
import { isRepeatable } from '../../sql/postgres-errors';
import type { PgQuery, PostgresSql } from '../../sql/types';
import { type AssignmentRow, type HistoryRow, readAssignment, readTransition } from '../rows';
import * as statements from './statements';

/** How often a statement is run again after a deadlock or a serialization failure. */
const maxRepetitions = 10;

type TakenRow = { readonly x: number; readonly y: number; readonly claimed_at: Date } | { readonly x: null };

/** Assignments in PostgreSQL: see statements.ts. */
export class PostgresAssignments implements AssignmentStore, ClaimSteps {
  constructor(
    readonly sql: PostgresSql,
    readonly random: RandomInteger,
  ) {}

  claim(request: ClaimRequest): Promise<Assignment> {
    return claimTile(this, request, this.random);
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
    const [row] = await this.#rows<AssignmentRow>(statements.keep, [serviceId, userId, encodeData(data)]);
    if (!row) throw new TileNotAssignedError(serviceId, userId);
    return readAssignment(serviceId, row);
  }

  async get(serviceId: string, userId: string): Promise<Assignment | undefined> {
    const [row] = await this.#rows<AssignmentRow>(statements.get, [serviceId, userId]);
    return row && readAssignment(serviceId, row);
  }

  async list(serviceId: string): Promise<readonly Assignment[]> {
    const rows = await this.#rows<AssignmentRow>(statements.list, [serviceId]);
    return rows.map((row) => readAssignment(serviceId, row));
  }

  async history(
    serviceId: string,
    { userId, limit }: { readonly userId?: string; readonly limit?: number } = {},
  ): Promise<readonly TransitionRecord[]> {
    const rows = await this.#rows<HistoryRow>(statements.history, [serviceId, userId ?? null, limit ?? null]);
    return rows.map((row) => readTransition(serviceId, row));
  }

  async take(
    request: ClaimRequest,
    cells: number | readonly TileAddress[],
  ): Promise<Assignment | 'taken' | 'raced'> {
    const { serviceId, zoom, userId, actorId, xRange, yRange } = request;
    const who = [serviceId, zoom, userId, actorId];
    const [row] = await (typeof cells === 'number'
      ? this.#rows<TakenRow>(statements.takeRandom, [...who, ...xRange, ...yRange, cells])
      : this.#rows<TakenRow>(statements.takeOneOf, [
          ...who,
          cells.map(({ x }) => x),
          cells.map(({ y }) => y),
        ]));
    if (!row) return 'taken';
    if (row.x === null) return 'raced';
    const tile: TileAddress = { z: zoom, x: row.x, y: row.y };
    const claimedAt = row.claimed_at;
    return { serviceId, tile, stage: 'claimed', userId, claimedAt, updatedAt: claimedAt };
  }

  openBlocks(request: ClaimRequest, cover: Cover, limit: number): Promise<readonly OpenBlock[]> {
    const { serviceId, zoom, xRange, yRange } = request;
    return this.#rows(statements.openBlocks, [serviceId, zoom, cover.level, ...xRange, ...yRange, limit]);
  }

  async #move(
    transition: Transition,
    serviceId: string,
    userId: string,
    actorId: string,
  ): Promise<Assignment> {
    const { from, to } = transitions[transition];
    for (;;) {
      const [row] =
        to === 'free'
          ? await this.#rows<AssignmentRow>(statements.free, [serviceId, userId, actorId, from])
          : await this.#rows<AssignmentRow>(statements.advance, [serviceId, userId, actorId, from, to]);
      if (row) return readAssignment(serviceId, row, to === 'free' ? 'released' : to);
      const present = await this.get(serviceId, userId);
      if (!present) throw new TileNotAssignedError(serviceId, userId);
      // In a stage that would allow it, the tile was claimed between the two statements: once more.
      if (!from.some((stage) => stage === present.stage))
        throw new TileAlreadyLockedError(serviceId, present.tile);
    }
  }

  async #rows<Row extends object>(
    statement: { readonly name: string; readonly text: string },
    values: readonly unknown[],
  ): Promise<Row[]> {
    const query: PgQuery = { ...statement, values };
    for (let repetition = 0; ; repetition++) {
      try {
        return (await this.sql.query<Row>(query)).rows;
      } catch (error) {
        if (!isRepeatable(error) || repetition === maxRepetitions) throw error;
        await delay(Math.random() * 10 * (repetition + 1));
      }
    }
  }
}

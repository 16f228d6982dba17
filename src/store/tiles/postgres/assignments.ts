import { setTimeout as delay } from 'node:timers/promises';
import type { TileAddress } from '../../../geo/types';
import type { OpenBlock } from '../../../tiles/blocks';
import { Claims } from '../../../tiles/claim';
import type { BlockSearch, ClaimRequest, ClaimSteps, WindowView } from '../../../tiles/claim-steps';
import { encodeData } from '../../../tiles/data';
import { TileAlreadyLockedError, TileNotAssignedError } from '../../../tiles/errors';
import { type Transition, transitions } from '../../../tiles/stages';
import type { Assignment, AssignmentStore, TransitionRecord } from '../../../tiles/types';
import type { RandomInteger } from '../../../tiles/window';
import { isRepeatable } from '../../sql/postgres-errors';
import type { PgQuery, PostgresSql } from '../../sql/types';
import { isStoreUnavailable } from '../../sql/unavailable';
import { type AssignmentRow, type HistoryRow, readAssignment, readTransition } from '../rows';
import { Gathered } from './gathered';
import * as statements from './statements';

/** How often a statement is run again after a deadlock or a serialization failure. */
const maxRepetitions = 10;

/** How many statements take tiles at the same time. */
const takesAtOnce = 3;

interface Take {
  readonly request: ClaimRequest;
  readonly cells: number | readonly TileAddress[];
}
type Taken = Assignment | 'taken' | 'raced';

interface TakenRow {
  /** Position of the claim, counted from 1. */
  readonly claim: number;
  readonly x: number | null;
  readonly y: number;
  readonly claimed_at: Date;
}

interface OpenBlockRow extends OpenBlock {
  readonly user_id: null;
}

/** Assignments in PostgreSQL: see statements.ts. */
export class PostgresAssignments implements AssignmentStore, ClaimSteps {
  readonly #takes = new Gathered<Take, Taken>((takes) => this.#takeAll(takes), {
    concurrency: takesAtOnce,
    largest: statements.mostClaims,
    isOfAll: isStoreUnavailable,
  });

  readonly #claims: Claims;

  constructor(
    readonly sql: PostgresSql,
    random: RandomInteger,
  ) {
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

  take(request: ClaimRequest, cells: number | readonly TileAddress[]): Promise<Taken> {
    return this.#takes.run({ request, cells });
  }

  async look(
    { serviceId, zoom, xRange, yRange }: ClaimRequest,
    userIds: readonly string[],
    { cover, level, limit }: BlockSearch,
  ): Promise<WindowView> {
    const values = [serviceId, zoom, cover.level, ...xRange, ...yRange, limit, level, userIds];
    const rows = await this.#rows<OpenBlockRow | AssignmentRow>(statements.look, values);
    const blocks: OpenBlock[] = [];
    const held: Assignment[] = [];
    for (const row of rows)
      if (row.user_id === null) blocks.push(row);
      else held.push(readAssignment(serviceId, row));
    return { blocks, held };
  }

  async #takeAll(takes: readonly Take[]): Promise<Taken[]> {
    const given: TileAddress[] = [];
    const bounds = takes.map(({ cells }) => {
      if (typeof cells === 'number') return [1, cells];
      given.push(...cells);
      return [given.length - cells.length + 1, given.length];
    });
    const rows = await this.#rows<TakenRow>(statements.take, [
      takes.map(({ request }) => request.serviceId),
      takes.map(({ request }) => request.zoom),
      takes.map(({ request }) => request.userId),
      takes.map(({ request }) => request.actorId),
      takes.map(({ request }) => request.xRange[0]),
      takes.map(({ request }) => request.xRange[1]),
      takes.map(({ request }) => request.yRange[0]),
      takes.map(({ request }) => request.yRange[1]),
      bounds.map(([first]) => first),
      bounds.map(([, last]) => last),
      given.map(({ x }) => x),
      given.map(({ y }) => y),
      takes.map(({ cells }) => typeof cells === 'number'),
    ]);
    const taken: Taken[] = takes.map(() => 'taken');
    for (const { claim, x, y, claimed_at: claimedAt } of rows) {
      const { serviceId, userId, zoom } = takes[claim - 1].request;
      taken[claim - 1] =
        x === null
          ? 'raced'
          : {
              ...{ serviceId, userId, tile: { z: zoom, x, y } },
              ...{ stage: 'claimed', claimedAt, updatedAt: claimedAt },
            };
    }
    return taken;
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

import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { withinSeconds } from '../base/deadline';
import type { Limiter } from '../base/limiter';
import { packageVersion } from '../base/paths';
import type { TileAddress } from '../geo/types';
import { bindQuery, injectedUser } from '../graph/parameters';
import type { GraphRunner } from '../graph/runner';
import { SavedResult } from '../graph/types';
import type { ProcessContext } from '../processes/context';
import { type Cube, isCube } from '../raster/cube';
import type { SubjectLogs } from '../store/records/subject-logs';
import type { User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import type { PreparedService } from './prepared-services';
import { SharedWork } from './shared-work';
import { tileParameters } from './tile-parameters';
import { missingParameters, tileStoreHandle } from './tile-store-access';

/** Who asks a service for what. */
export interface Evaluation {
  readonly tile: TileAddress;
  /** The query string; names that the graph does not declare are ignored. */
  readonly query: ReadonlyMap<string, string>;
  readonly user?: User;
  readonly signal: AbortSignal;
}

export interface Evaluated {
  /** A Cube or a SavedResult to be drawn, or JSON. */
  readonly value: unknown;
  /** The cube in it; its pixels have not been read yet. */
  readonly cube?: Cube;
  /** Equal where service, graph and parameters (and the user, where the graph reads it) are equal. */
  readonly key: string;
}

/** How long one evaluation serves for other tiles before the graph is evaluated anew, which notices changed data. */
const handleTtlMs = 2000;

/** The cube that a graph returned, saved in a format or not. */
export function cubeOf(value: unknown): Cube | undefined {
  const data = value instanceof SavedResult ? value.data : value;
  return isCube(data) ? data : undefined;
}

/** Values for a graph: `bound` are those of its own parameters, `all` also those that the service supplies. */
export function serviceParameters(
  { definition, settings, matrixSet, service }: Omit<PreparedService, 'plan'>,
  { tile, query, user }: Pick<Evaluation, 'tile' | 'query' | 'user'>,
  tileStore: TileStore | undefined,
): { bound: Map<string, unknown>; all: Map<string, unknown> } {
  const declared = new Set((definition.parameters ?? []).map((parameter) => parameter.name));
  const defaults = Object.entries(settings.parameters).filter(([name]) => declared.has(name));
  const bound = new Map<string, unknown>([...defaults, ...bindQuery(definition, query)]);
  const all = new Map<string, unknown>([
    ...bound,
    ...tileParameters(tile, matrixSet),
    ['_openeo_service_id', service.id],
  ]);
  if (user) all.set('_openeo_user', injectedUser(user));
  if (settings.tileStore && tileStore) all.set('_openeo_tile_store', tileStoreHandle(tileStore));
  return { bound, all };
}

/**
 * Evaluates graphs of services. A cube is only a handle, so where the graph does not ask for the tile's
 * address one evaluation serves all tiles for a moment, and a tile costs its pixels alone.
 */
export class ServiceEvaluator {
  readonly #handles = new LRUCache<string, Evaluated>({ max: 2000, ttl: handleTtlMs });
  readonly #flights = new SharedWork<Evaluated>();

  constructor(
    private readonly parts: {
      readonly runner: GraphRunner<ProcessContext, User>;
      readonly tileStore?: TileStore;
      readonly logs: SubjectLogs;
      /** Bounds how many evaluations run at once. */
      readonly limiter: Limiter;
      /** Seconds that an evaluation may take. */
      readonly seconds: number;
      /** Fires when the server stops. */
      readonly stopped: AbortSignal;
    },
  ) {}

  /**
   * @throws OpenEOError what the graph throws; `ProcessParameterInvalid` for reserved names in the query;
   *   `RequestTimeout`; the signal's reason
   */
  async evaluate(prepared: PreparedService, request: Evaluation): Promise<Evaluated> {
    const parameters = serviceParameters(prepared, request, this.parts.tileStore);
    const key = this.#key(prepared, request, parameters.bound);
    const isShared = !prepared.writes && !prepared.readsTile;
    const known = isShared ? this.#handles.get(key) : undefined;
    if (known) return known;
    const run = (signal: AbortSignal) => this.#run(prepared, parameters.all, { ...request, signal }, key);
    return withinSeconds(this.parts.seconds, request.signal, (signal) => {
      if (prepared.writes) return run(signal);
      return isShared ? this.#shared(key, signal, run) : this.#bounded(signal, run);
    });
  }

  /** Once for all who ask at the same time. Only cubes are handles; other values may be different the next time. */
  #shared(
    key: string,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<Evaluated>,
  ): Promise<Evaluated> {
    return this.#flights.do(key, signal, async (shared) => {
      const made = await this.#bounded(AbortSignal.any([shared, this.parts.stopped]), run);
      if (made.cube) this.#handles.set(key, made);
      return made;
    });
  }

  #bounded<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.parts.limiter.run(() => run(signal), { signal, priority: 1 });
  }

  async #run(
    prepared: PreparedService,
    parameters: ReadonlyMap<string, unknown>,
    request: Evaluation,
    key: string,
  ): Promise<Evaluated> {
    const { service, settings, plan } = prepared;
    const value = await this.parts.runner.run(plan, {
      user: request.user,
      parameters,
      missing: missingParameters(settings, this.parts.tileStore, request.user),
      signal: request.signal,
      logger: this.parts.logs.loggerFor('service', service.id, service.logLevel),
      service: { id: service.id },
    });
    return { value, cube: cubeOf(value), key };
  }

  #key(prepared: PreparedService, request: Evaluation, bound: ReadonlyMap<string, unknown>): string {
    const { service, plan, readsUser, readsTile } = prepared;
    const parts = [
      packageVersion,
      service.id,
      service.revision,
      plan.hash,
      [...bound].sort(([one], [other]) => (one < other ? -1 : 1)),
      readsUser ? (request.user?.id ?? null) : 0,
      readsTile ? [request.tile.z, request.tile.x, request.tile.y] : 0,
    ];
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 24);
  }
}

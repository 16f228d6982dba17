import type { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { Cube } from '../raster/cube';
import type { Priority } from './threads/task';
import type { GraphIssue, Plan, ProcessDefinition, ProcessSpec, SavedResult } from './types';

/** Who runs a graph, and what is injected into it. */
export interface RunRequest<U> {
  readonly user?: U;
  /** Values by name: query parameters that the graph declares, and injected ones. */
  readonly parameters: ReadonlyMap<string, unknown>;
  /** Why a name has no value here, thrown in place of `ProcessParameterRequired`. */
  readonly missing?: ReadonlyMap<string, OpenEOError>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly service?: { readonly id: string };
  /** How urgent windows of its result are for the threads that compute pixels; default `job` for jobs, else `result`. */
  readonly priority?: Priority;
  /** The job that the graph belongs to. */
  readonly job?: { readonly id: string };
  /**
   * Hears of every result that `save_result` made, whether or not it is the graph's own: the node with the path that
   * leads to it, outermost first. What passes several nodes is told at each of them.
   */
  onSaved?(result: SavedResult, path: readonly string[]): void;
  /** Sees every cube on its way from the node that made it, and may put another in its place. */
  wrapCube?(cube: Cube, processId: string): Cube;
}

export interface PlanRequest<U> {
  readonly user?: U;
  /**
   * Names that the run will supply although the graph does not declare them (the tile's address,
   * `_openeo_user`, …). `undefined`: any name may be supplied later (validation).
   */
  readonly supplied?: ReadonlySet<string>;
  /** Why a name that is not supplied has no value; becomes the issue in place of `ProcessParameterRequired`. */
  readonly missing?: ReadonlyMap<string, OpenEOError>;
}

/**
 * The one way to run process graphs: requests, tiles and jobs all use it.
 * `C` is the context of process functions, `U` the user.
 */
export interface GraphRunner<C, U> {
  /**
   * Every problem of a graph, with node, argument and JSON pointer; empty when it can run.
   * @throws OpenEOError `MemoryLimitExceeded`, `TooManyRequests` where it takes more memory than there is
   */
  validate(definition: ProcessDefinition, request: PlanRequest<U>): Promise<readonly GraphIssue[]>;
  /** Plans a graph, or throws the first issue as an OpenEOError whose message also counts the others. */
  plan(definition: ProcessDefinition, request: PlanRequest<U>): Promise<Plan<C>>;
  /** Bytes that a plan takes in memory, as a rule: with what is written in its graph, and in those that it calls. */
  sizeOf(plan: Plan<C>): number;
  /** Runs a plan. The value may be a Cube, a SavedResult or JSON. */
  run(plan: Plan<C>, request: RunRequest<U>): Promise<unknown>;
}

/** The processes that graphs can call and `GET /processes` lists. */
export interface ProcessRegistry {
  /** Predefined and registered ones, by id. */
  list(): readonly ProcessSpec[];
  has(id: string): boolean;
}

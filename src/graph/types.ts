import type { Json, JsonSchema } from '../base/json';

export interface ParameterSpec {
  readonly name: string;
  readonly description?: string;
  readonly schema: JsonSchema | readonly JsonSchema[];
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
}

/** An openEO process description (the JSON files in `processes/`). */
export interface ProcessSpec {
  readonly id: string;
  readonly summary?: string;
  readonly description?: string;
  readonly categories?: readonly string[];
  readonly parameters?: readonly ParameterSpec[];
  readonly returns?: { readonly description?: string; readonly schema: JsonSchema | readonly JsonSchema[] };
  readonly exceptions?: Readonly<
    Record<string, { readonly description?: string; readonly message: string; readonly http?: number }>
  >;
  readonly examples?: readonly Json[];
  readonly links?: readonly {
    readonly rel: string;
    readonly href: string;
    readonly title?: string;
    readonly type?: string;
  }[];
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
  readonly process_graph?: ProcessGraph;
}

export interface GraphNode {
  readonly process_id: string;
  readonly namespace?: string | null;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result?: boolean;
  readonly description?: string | null;
}

/** A process graph as JSON: nodes by id. */
export type ProcessGraph = Readonly<Record<string, GraphNode>>;

/** A process as clients send it: `POST /result`, services, stored processes. */
export interface ProcessDefinition {
  readonly id?: string;
  readonly parameters?: readonly ParameterSpec[];
  readonly process_graph: ProcessGraph;
  readonly [key: string]: unknown;
}

/**
 * The arguments of one call: exactly the declared parameters that have a value (defaults filled in),
 * valid against their schemas. The object has no prototype.
 * Beside JSON, values may be a Cube, a {@link LabeledArray}, a {@link Callback}, a {@link SavedResult},
 * an opaque handle, NaN and the infinities.
 */
export type Arguments = Readonly<Record<string, unknown>>;

/** `write`: the process changes something outside the result, so results are never cached or shared. */
export type Effects = 'none' | 'write';

/**
 * What a function file in `src/processes/` exports. `C` is the context handed to `run`;
 * `K` is what the kernel room needs to compile the process into fused code.
 */
export interface ProcessModule<C = never, K = unknown> {
  /**
   * @param node that calls it, with what leads to it, outermost first; only those that write are told
   * @throws OpenEOError or ProcessException; anything else is a bug of ours.
   */
  run(args: Arguments, context: C, node?: readonly string[]): unknown;
  readonly kernel?: K;
  readonly effects?: Effects;
  /** It needs what only the main thread has: pixels of graphs that call it are not computed by other threads. */
  readonly isLocal?: boolean;
  /**
   * Parameters for which the function itself answers to null and to numbers outside of the schema's range: the
   * logarithm of -1 is NaN, an element at -1 is an error of its own. They are not refused before the call, and
   * neither is GeoJSON in the place of a cube of geometries.
   */
  readonly answers?: readonly string[];
  /** What stands for parameters that a call leaves out, where the function tells that from their described default. */
  readonly omitted?: Readonly<Record<string, unknown>>;
}

/** The value of a parameter that a call of a process leaves out; undefined where there is none. */
export function omittedValue(
  { module }: Pick<RegisteredProcess<never>, 'module'>,
  { name, default: described }: ParameterSpec,
): unknown {
  const { omitted } = (module ?? {}) as ProcessModule<never>;
  return omitted && Object.hasOwn(omitted, name) ? omitted[name] : described;
}

/** A process that graphs can call. */
export interface RegisteredProcess<C = never> {
  readonly id: string;
  /** `backend` for predefined and registered processes, a user's id for stored ones. */
  readonly namespace: string;
  readonly spec: ProcessSpec;
  /** Absent for processes that are defined by a graph. */
  readonly module?: ProcessModule<C>;
  /** What the process or anything that its graph calls does. */
  readonly effects: Effects;
}

/** An argument of a planned node. References are resolved to names; literals are deeply frozen. */
export type PlanArgument =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'array'; readonly items: readonly PlanArgument[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, PlanArgument> }
  | CallbackArgument;

/** A process graph in the place of an argument. */
export interface CallbackArgument {
  readonly kind: 'callback';
  readonly plan: Plan;
  readonly parameters: readonly string[];
  /** The kinds of values that it has to give; absent: any. */
  readonly returns?: ReadonlySet<string>;
}

export interface PlanNode<C = never> {
  readonly id: string;
  readonly process: RegisteredProcess<C>;
  /** The plan of a process that is defined by a graph; it sees only its own parameters. */
  readonly body?: Plan<C>;
  readonly arguments: ReadonlyMap<string, PlanArgument>;
  /** Ids of the nodes that this one reads, without repetition. */
  readonly reads: readonly string[];
  /** How many nodes read this one. */
  readonly readers: number;
}

/** A checked process graph in the order of execution: plain data, made without touching a pixel. */
export interface Plan<C = never> {
  readonly nodes: readonly PlanNode<C>[];
  readonly result: string;
  /** The parameters that the graph itself declares, with their defaults. */
  readonly parameters: readonly ParameterSpec[];
  /** Their defaults that are process graphs. */
  readonly defaults: ReadonlyMap<string, CallbackArgument>;
  /**
   * Names that any node in it refers to by `from_parameter` and that neither a callback inside it nor,
   * for the plan of a callback, the calling process supplies: what has to come from outside.
   */
  readonly free: ReadonlySet<string>;
  readonly effects: Effects;
  /** Equal for graphs that do the same, whatever their node ids and key order; caches are keyed by it. */
  readonly hash: string;
}

/** A process graph that is an argument, together with the scope that it was written in. */
export interface Callback {
  readonly plan: Plan;
  /** Names of the callback's own parameters, as the calling process declares them. */
  readonly parameters: readonly string[];
  /** A parameter of an enclosing scope. @throws OpenEOError `ProcessParameterRequired` where no scope has it. */
  lookup(name: string): unknown;
  /** Runs the graph once, with these values for its own parameters: the general, slow path. */
  call(values: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<unknown>;
  /** Like `call`, but without a promise where every node answers at once. The executor's callbacks have it. */
  invoke?(values: Readonly<Record<string, unknown>>, signal?: AbortSignal): unknown;
  /**
   * Counts a value that it gave and that the process keeps, in the memory of the run; to be waited for where it gives a
   * promise. Values that are not kept are counted for as long as the callback runs.
   * @throws OpenEOError `MemoryLimitExceeded`
   */
  keep?(value: unknown): Promise<void> | undefined;
  /**
   * What a process in the graph gets where a reference has such a value: as in a call.
   * @throws OpenEOError `ProcessParameterInvalid`
   */
  verify?(process: RegisteredProcess, parameter: string, value: unknown): unknown;
}

const callbacks = new WeakSet<object>();

/** Only the executor makes callbacks. */
export function defineCallback(callback: Callback): Callback {
  callbacks.add(callback);
  return callback;
}

export function isCallback(value: unknown): value is Callback {
  return typeof value === 'object' && value !== null && callbacks.has(value);
}

/** An array whose elements have labels. Both arrays have the same length. */
export class LabeledArray {
  constructor(
    readonly labels: readonly (number | string)[],
    readonly values: readonly unknown[],
  ) {}
}

/** What `save_result` returns: data and the format to write it in. The sink encodes it. */
export class SavedResult {
  constructor(
    readonly data: unknown,
    /** The name of the output format as `GET /file_formats` lists it. */
    readonly format: string,
    readonly options: Readonly<Record<string, unknown>>,
  ) {}
}

/** A value that processes may take but that graphs can neither read into, return nor serialise. */
export class OpaqueHandle<T> {
  readonly #target: T;

  constructor(
    /** The `subtype` in parameter schemas that accepts it, for example `tile-store`. */
    readonly subtype: string,
    target: T,
  ) {
    this.#target = target;
  }

  /** For processes only. */
  open(): T {
    return this.#target;
  }

  toJSON(): never {
    throw new TypeError(`A ${this.subtype} cannot be serialised`);
  }
}

/** One problem of a graph. A graph is checked as a whole, so there can be many. */
export interface GraphIssue {
  readonly code: string;
  readonly message: string;
  /** The node, by its path through nested graphs: `["reduce", "reducer", "mean1"]`. */
  readonly node?: readonly string[];
  readonly argument?: string;
  /** JSON pointer from the root of the process graph. */
  readonly pointer?: string;
}

import { type ErrorDetails, isErrorCode, OpenEOError } from '../base/errors';
import { type Cube, isCube } from '../raster/cube';
import { Concurrent } from './concurrent';
import { locateError } from './issue';
import { heldBytes, isSmall, isTooLargeForEngine, type PlainValues, shallowBytes } from './plain-values';
import type { ArgumentStep, Place, Program, Step } from './program';
import { kindOf, unexpectedResult } from './schema/kinds';
import { Scope, undeclared, valueless } from './scope';
import { isThenable } from './thenable';
import {
  type Callback,
  type CallbackArgument,
  defineCallback,
  type ProcessModule,
  SavedResult,
} from './types';

/** What all graphs of one run have in common. */
export interface Execution {
  /** What process functions receive where this signal counts: the run's, or the one of a reader who waits. */
  contextFor(signal: AbortSignal): unknown;
  readonly signal: AbortSignal;
  readonly missing?: ReadonlyMap<string, OpenEOError>;
  /** Makes a cube that several nodes read compute equal windows once. */
  readonly shareReads: (cube: Cube) => Cube;
  /** Accounts for what windows of a cube take in memory. */
  readonly accountReads: (cube: Cube) => Cube;
  /** What values that are no cubes take in memory. */
  readonly plain: PlainValues;
  readonly onSaved?: (result: SavedResult, path: readonly string[]) => void;
  readonly wrapCube?: (cube: Cube, processId: string) => Cube;
  /** How many asynchronous nodes of a graph run at once. */
  readonly concurrency: number;
  /** When the run last let other work have its turn (`performance.now()`). */
  pausedAt: number;
}

/** How long nodes that answer at once may follow each other before other requests get their turn. */
const maxBusyMs = 15;

/** Arguments without a prototype to find things on; cheaper to make than `Object.create(null)`. */
const Bare = function Bare() {} as unknown as new () => Record<string, unknown>;
Bare.prototype = Object.create(null);

const tooLargeMessage =
  'The computation makes an array or a text that is larger than memory can hold; make it of fewer elements.';

/** One graph while it runs. */
export class Frame {
  readonly values: unknown[];
  readonly scope: Scope;
  /** Bytes of its plain values. */
  #plainBytes = 0;
  /** The values that are counted in them. */
  #counted: WeakSet<object> | undefined;
  #isOver = false;

  constructor(
    readonly program: Program,
    readonly execution: Execution,
    scope: Scope,
    /** What is around this graph, outermost first: ids of nodes, and names of the arguments that hold graphs. */
    readonly path: readonly string[],
    readonly signal: AbortSignal,
    /** Callbacks are called in tight loops; they never pause. */
    readonly mayPause: boolean,
  ) {
    this.values = new Array(program.steps.length);
    this.scope = scope;
    if (program.defaults.size > 0) this.scope = this.#withDefaults(scope);
  }

  /** Process graphs that stand as defaults get ready to be called where nothing else was given. */
  #withDefaults(scope: Scope): Scope {
    const values = new Map(scope.values);
    const result = new Scope(values, scope.declared, scope.parent);
    for (const { name, default: written } of this.program.plan.parameters) {
      const source = this.program.defaults.get(name);
      if (source && scope.resolve(name) === written) values.set(name, source(this));
    }
    return result;
  }

  /** Its values are not needed any more. */
  end(): void {
    if (this.#plainBytes > 0) this.execution.plain.remove(this.#plainBytes);
    this.#plainBytes = 0;
    this.#isOver = true;
  }

  /** Runs all nodes; the result comes at once when every process answers at once. */
  run(): unknown {
    const { steps, result } = this.program;
    for (let index = 0; index < steps.length; index++) {
      const value = this.start(steps[index]);
      if (isThenable(value)) return new Concurrent(this, index, value).result;
      if (this.isPauseDue()) return new Concurrent(this, index, afterPause(value)).result;
      this.store(index, value);
      for (const slot of steps[index].frees) this.values[slot] = undefined;
    }
    this.end();
    return this.values[result];
  }

  isPauseDue(): boolean {
    if (!this.mayPause) return false;
    const now = performance.now();
    if (now - this.execution.pausedAt < maxBusyMs) return false;
    this.execution.pausedAt = now;
    return true;
  }

  /** @throws the signal's reason when it is aborted; what the process throws, with its node. */
  start(step: Step): unknown {
    this.execution.signal.throwIfAborted();
    this.signal.throwIfAborted();
    try {
      const value = step.body ? this.#runBody(step, step.body) : this.#runModule(step);
      const counted = isThenable(value)
        ? value.then((later) => this.#withRoom(later))
        : this.#withRoom(value);
      if (!isThenable(counted)) return counted;
      return counted.then(undefined, (error: unknown) => {
        throw this.#locate(error, step);
      });
    } catch (error) {
      throw this.#locate(error, step);
    }
  }

  #locate(error: unknown, { node }: Step): unknown {
    const reason = isTooLargeForEngine(error)
      ? new OpenEOError('MemoryLimitExceeded', {}, { message: tooLargeMessage, cause: error })
      : error;
    return locateError(reason, [...this.path, node.id], node.process.id);
  }

  store(index: number, value: unknown): void {
    if (value instanceof SavedResult)
      this.execution.onSaved?.(value, [...this.path, this.program.steps[index].node.id]);
    this.values[index] = isCube(value) ? this.#prepared(value, index) : (value ?? null);
  }

  /** The value, or a promise of it where others have the memory that it takes. */
  #withRoom(value: unknown): unknown {
    // Callbacks are many and soon over: what they are made of counts only where it is large by itself.
    const bytes = this.mayPause ? this.#bytesOf(value) : shallowBytes(value);
    if (typeof bytes === 'number' && isSmall(bytes)) return value;
    const room = this.#add(bytes);
    return room ? room.then(() => value) : value;
  }

  #bytesOf(value: unknown): number | Promise<number> {
    if (typeof value !== 'object' && typeof value !== 'string') return 0;
    this.#counted ??= new WeakSet();
    return heldBytes(value, this.#counted, this.signal);
  }

  #add(bytes: number | Promise<number>): Promise<void> | undefined {
    if (typeof bytes !== 'number') return bytes.then((counted) => this.#add(counted));
    if (bytes === 0 || this.#isOver) return undefined;
    this.#plainBytes += bytes;
    return this.execution.plain.add(bytes);
  }

  /** Counts what a callback gave and a process keeps. */
  #keep(value: unknown): Promise<void> | undefined {
    return this.#isOver ? undefined : this.#add(this.#bytesOf(value));
  }

  #prepared(cube: Cube, index: number): Cube {
    const { accountReads, shareReads, wrapCube } = this.execution;
    const accounted = accountReads(wrapCube?.(cube, this.program.steps[index].node.process.id) ?? cube);
    return this.program.isShared[index] ? shareReads(accounted) : accounted;
  }

  #runModule(step: Step): unknown {
    const values = new Bare();
    for (const argument of step.arguments) {
      const value = this.#argument(argument, step);
      if (value !== undefined) values[argument.name] = value;
    }
    const module = step.node.process.module as unknown as ProcessModule<unknown>;
    const context = this.execution.contextFor(this.signal);
    // Others run in tight loops, where every array counts.
    if (step.node.process.effects !== 'write') return module.run(values, context);
    return module.run(values, context, [...this.path, step.node.id]);
  }

  #runBody(step: Step, body: Program): unknown {
    const values = new Map<string, unknown>();
    for (const argument of step.arguments) {
      const value = this.#argument(argument, step);
      if (value === undefined) continue;
      const isShared = isCube(value) && (body.uses.get(argument.name) ?? 0) > 1;
      values.set(argument.name, isShared ? this.execution.shareReads(value) : value);
    }
    const scope = new Scope(values, body.plan.parameters);
    return new Frame(
      body,
      this.execution,
      scope,
      [...this.path, step.node.id],
      this.signal,
      this.mayPause,
    ).run();
  }

  #argument(argument: ArgumentStep, step: Step): unknown {
    const value = argument.source(this);
    if (value === undeclared) throw this.#unresolved(argument.parameter as string, argument, step);
    if (value === valueless) {
      if (argument.isOptional) return argument.fallback;
      throw this.#unresolved(argument.parameter as string, argument, step);
    }
    return argument.verify ? argument.verify(value) : value;
  }

  #unresolved(name: string, argument: ArgumentStep, { node }: Step): OpenEOError {
    const process = node.process.id;
    const details = { process, parameter: argument.name, reference: name };
    return this.#unresolvedError(
      name,
      details,
      `The process ${process} (node ${[...this.path, node.id].join(' / ')}) needs a value for its parameter ${argument.name}, but the parameter ${JSON.stringify(name)} that it is taken from has none.`,
    );
  }

  #unresolvedError(name: string, details: ErrorDetails, message: string): OpenEOError {
    const reason = this.execution.missing?.get(name);
    if (!reason || !isErrorCode(reason.code))
      return new OpenEOError('ProcessParameterRequired', details, { message });
    return new OpenEOError(reason.code, { ...reason.details, ...details }, { message: reason.message });
  }

  /** The value of a parameter. @throws OpenEOError `ProcessParameterRequired` where it has none. */
  require(name: string): unknown {
    const value = this.scope.resolve(name);
    if (value !== undeclared && value !== valueless) return value;
    throw this.#unresolvedError(
      name,
      { parameter: name },
      `The parameter ${JSON.stringify(name)} that the process graph refers to has no value.`,
    );
  }

  /** A process graph that is an argument (`place`: the node and the argument), together with this scope. */
  callback(
    program: Program,
    { parameters, returns }: CallbackArgument,
    [node, argument, process]: Place,
  ): Callback {
    const { execution, scope, signal: outer } = this;
    const path = [...this.path, node, argument];
    const expect = (value: unknown): unknown => {
      const kind = kindOf(value);
      if (!returns || returns.has(kind)) return value;
      const reason = unexpectedResult(kind, returns);
      throw new OpenEOError('ProcessParameterInvalid', { process, parameter: argument, reason });
    };
    const invoke = (given: Readonly<Record<string, unknown>>, signal: AbortSignal = outer): unknown => {
      const values = new Map<string, unknown>();
      for (const name of parameters) if (Object.hasOwn(given, name)) values.set(name, given[name]);
      const inner = new Scope(values, program.plan.parameters, scope);
      const value = new Frame(program, execution, inner, path, signal, false).run();
      if (!returns) return value;
      return isThenable(value) ? value.then(expect) : expect(value);
    };
    return defineCallback({
      plan: program.plan,
      parameters,
      lookup: (name) => this.require(name),
      call: async (values, signal) => invoke(values, signal),
      invoke,
      keep: (value) => this.#keep(value),
      verify: program.verify,
    });
  }
}

function afterPause(value: unknown): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve, value));
}

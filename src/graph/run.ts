import { OpenEOError } from '../base/errors';
import { createPace } from '../base/pace';
import { untilAborted } from '../base/until-aborted';
import type { Cube } from '../raster/cube';
import type { Holding } from '../raster/memory/budget';
import { type DefinitionSources, definitionKey, loadDefinitions } from './definitions';
import { type Execution, Frame } from './execute';
import { Issues, issuesToError } from './issue';
import type { GraphLimits } from './limits';
import { checkParsed, linkDefinitions } from './link';
import type { Find } from './linked';
import { type ParsedGraph, parseProcess } from './parse';
import { defaultPlainBytes, PlainValues, refuseHugeResult } from './plain-values';
import { planGraph } from './plan';
import { Compiler, opaqueSubtype } from './program';
import type { GraphRunner, PlanRequest, RunRequest } from './runner';
import type { SchemaChecks } from './schema/checks';
import { Scope } from './scope';
import { staysLocal } from './threads/local-plan';
import type { ReadPool } from './threads/pool';
import { ContextRecorder } from './threads/recorder';
import { Distribution } from './threads/remote-cube';
import type { GraphIssue, Plan, ProcessDefinition } from './types';
import type { NameScope } from './validate';
import { WrittenGraphs } from './written-graphs';

export interface RunnerOptions<C, U> {
  /** Predefined and registered processes. */
  readonly registry: { readonly find: Find<C> };
  readonly checks: SchemaChecks;
  readonly limits: GraphLimits;
  /** What the process functions of one run receive. */
  createContext(request: RunRequest<U>, plan: Plan<C>): C;
  /** The same context for callbacks that a reader calls with a signal of its own; default: unchanged. */
  withSignal?(context: C, signal: AbortSignal): C;
  /** A process that the user stored, as it was sent. */
  storedProcess?(user: U, id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /**
   * The process of an id that is published at an address, alone or in a list.
   * @throws OpenEOError `ProcessNamespaceInvalid`
   */
  remoteProcess?(url: string, id: string): Promise<Readonly<Record<string, unknown>>>;
  /** Makes a cube that several nodes read compute equal windows once. */
  readonly shareReads?: (cube: Cube) => Cube;
  /** Accounts for what windows of a cube take in memory. */
  readonly accountReads?: (cube: Cube, onRead?: () => void) => Cube;
  /** Threads that read windows of results. */
  readonly threads?: {
    readonly pool: ReadPool;
    /** What of the context threads have themselves. */
    readonly live: ReadonlySet<string>;
  };
  /** What the values of one run may take beside pixels; default 256 MiB. */
  readonly maxPlainBytes?: number;
  /** Memory that all runs share, for such values of one run. */
  readonly holdPlain?: () => Holding;
  /** How many asynchronous nodes of one graph run at once; default 8. */
  readonly concurrency?: number;
}

/** The one executor: validates, plans and runs process graphs. */
export function createGraphRunner<C, U>(options: RunnerOptions<C, U>): GraphRunner<C, U> {
  const compiler = new Compiler(options.checks);
  const maxPlainBytes = options.maxPlainBytes ?? defaultPlainBytes;

  const sizes = new WeakMap<Plan<C>, number>();

  /** Parsing, checking and planning a huge graph take some 100 ms each; other requests go in between. */
  async function analyse(
    definition: ProcessDefinition,
    request: PlanRequest<U>,
    written: WrittenGraphs,
    rest: Rest,
  ): Promise<Analysis<C>> {
    await rest();
    await written.claim(definition);
    const parsed = parseProcess(definition);
    const known = options.registry.find;
    const definitions = await loadDefinitions(parsed, sourcesFor(request, written, options));
    if (!definitions) return { issues: tooManyDefinitions(options.limits), find: known };
    await rest();
    const linked = linkDefinitions(definitions, { ...options, known, keyOf: definitionKey });
    const find: Find<C> = (process, namespace) =>
      known(process, namespace) ?? linked.get(definitionKey({ process, namespace }) ?? '');
    await rest();
    const { issues } = checkParsed(parsed, scopeOf(request), find, options);
    return { issues, find, graph: parsed.graph };
  }

  return {
    validate: async (definition, request) => {
      const written = new WrittenGraphs(options.holdPlain);
      try {
        return (await analyse(definition, request, written, pace())).issues;
      } finally {
        written.release();
      }
    },
    plan: async (definition, request) => {
      const rest = pace();
      const written = new WrittenGraphs(options.holdPlain);
      try {
        const { graph, issues, find } = await analyse(definition, request, written, rest);
        if (!graph || issues.length > 0) throw issuesToError(issues);
        await rest();
        const plan = planGraph(graph, find);
        sizes.set(plan, written.bytes);
        written.untilGone(plan);
        return plan;
      } catch (error) {
        written.release();
        throw error;
      }
    },
    sizeOf: (plan) => sizes.get(plan) ?? 0,
    run: async (plan, request) => {
      const { signal, parameters, missing } = request;
      signal.throwIfAborted();
      const program = compiler.compile(plan as unknown as Plan);
      checkSupplied(plan, parameters, options.checks);
      const recorder = recorderFor(plan, request, options.threads);
      const distribution =
        recorder &&
        new Distribution(
          { plan: plan as unknown as Plan, parameters, recorder },
          options.threads!.pool,
          request.priority ?? (request.job ? 'job' : 'result'),
        );
      const context = options.createContext(request, plan);
      const { accountReads = (cube) => cube } = options;
      // What is written in the plan may be in its cubes: as long as they can be read it counts.
      const source = { plan, recorder };
      const onRead = () => source.recorder?.spoil();
      const plain = new PlainValues(maxPlainBytes, signal, options.holdPlain);
      const execution: Execution = {
        ...{ signal, missing },
        contextFor: contexts(recorder ? recorder.wrap(context) : context, signal, options.withSignal),
        shareReads: options.shareReads ?? ((cube) => cube),
        accountReads: (cube) => accountReads(cube, onRead),
        plain,
        onSaved: (result, path) => request.onSaved?.(distribution?.saved(result, path) ?? result, path),
        wrapCube: request.wrapCube,
        concurrency: options.concurrency ?? 8,
        pausedAt: performance.now(),
      };
      const frame = new Frame(program, execution, new Scope(parameters, plan.parameters), [], signal, true);
      let [value, bytes]: [unknown, number] = [undefined, 0];
      try {
        const running = frame.run();
        value = assertReturnable(running instanceof Promise ? await untilAborted(running, signal) : running);
        bytes = refuseHugeResult(value, maxPlainBytes);
      } finally {
        const ending = plain.end(value, bytes);
        if (ending) await ending;
      }
      recorder?.stop();
      return distribution ? distribution.result(value) : value;
    },
  };
}

/** One context per signal. */
function contexts<C>(
  context: C,
  own: AbortSignal,
  withSignal: RunnerOptions<C, unknown>['withSignal'],
): (signal: AbortSignal) => C {
  const others = new WeakMap<AbortSignal, C>();
  return (signal) => {
    if (signal === own || !withSignal) return context;
    const known = others.get(signal) ?? withSignal(context, signal);
    others.set(signal, known);
    return known;
  };
}

/**
 * Present where other threads may repeat the run. Those of services stay here: their tiles are small, and what they
 * are made of is mostly in memory; so do those whose reads somebody watches.
 */
function recorderFor<C, U>(
  plan: Plan<C>,
  request: RunRequest<U>,
  threads: RunnerOptions<C, U>['threads'],
): ContextRecorder | undefined {
  if (!threads || plan.effects === 'write' || request.service || request.wrapCube) return undefined;
  if (staysLocal(plan as unknown as Plan)) return undefined;
  return new ContextRecorder(threads.live);
}

interface Analysis<C> {
  readonly issues: readonly GraphIssue[];
  readonly find: Find<C>;
  readonly graph?: ParsedGraph;
}

type Rest = ReturnType<typeof createPace>;

/** Planning is over soon and is not aborted. */
const pace = (): Rest => createPace(new AbortController().signal);

function tooManyDefinitions({ nodes }: GraphLimits): readonly GraphIssue[] {
  const issues = new Issues();
  const reason = `it calls more than ${nodes} stored processes, or too many at other addresses.`;
  issues.add('ProcessGraphComplexity', { reason });
  return issues.list;
}

function scopeOf<U>({ supplied, missing }: PlanRequest<U>): NameScope {
  return {
    names: supplied ?? new Set(),
    isOpen: supplied === undefined,
    explain: (name) => missing?.get(name),
  };
}

/** Where the caller's graph may take processes from. */
function sourcesFor<C, U>(
  { user }: PlanRequest<U>,
  written: WrittenGraphs,
  { registry, storedProcess, remoteProcess, limits }: RunnerOptions<C, U>,
): DefinitionSources<C> {
  const sources = {
    known: registry.find,
    count: (json: unknown) => written.claim(json),
    maxDefinitions: limits.nodes,
  };
  if (user === undefined) return sources;
  return {
    ...sources,
    ...(storedProcess && { stored: (id: string) => storedProcess(user, id) }),
    ...(remoteProcess && { remote: remoteProcess }),
  };
}

/** Values for declared parameters must be what the graph declares; names that it does not declare are the server's. */
function checkSupplied<C>(plan: Plan<C>, values: ReadonlyMap<string, unknown>, checks: SchemaChecks): void {
  for (const parameter of plan.parameters) {
    const value = values.get(parameter.name);
    if (value === undefined) continue;
    const [violation] = checks.of(parameter).check(value);
    if (!violation) continue;
    const reason = `${violation.path === '' ? 'it' : violation.path} ${violation.reason}.`;
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'of the request',
      parameter: parameter.name,
      reason,
    });
  }
}

function assertReturnable(value: unknown): unknown {
  const subtype = opaqueSubtype(value);
  if (subtype === undefined) return value;
  throw new OpenEOError('ProcessGraphInvalid', { reason: `a ${subtype} cannot be the result.` });
}

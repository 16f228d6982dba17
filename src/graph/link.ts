import { Issues } from './issue';
import { checkSize, type GraphLimits } from './limits';
import { type Body, callsOf, type Find, type LinkedProcess, measure, type Size } from './linked';
import { sortTopologically } from './order';
import { type ParseResult, parseProcess } from './parse';
import { planGraph } from './plan';
import type { SchemaChecks } from './schema/checks';
import type { GraphIssue, ProcessSpec, RegisteredProcess } from './types';
import { describeCycle, type NameScope, validateGraph } from './validate';

/** A process that a graph defines and that was not planned yet. */
export interface Definition {
  readonly id: string;
  readonly namespace: string;
  readonly spec: ProcessSpec;
  readonly parsed: ParseResult;
}

/** Reads a definition that may be anything. The spec's parameters are those that are well-formed. */
export function readDefinition(id: string, namespace: string, json: unknown): Definition {
  const parsed = parseProcess(json);
  const given = typeof json === 'object' && json !== null ? (json as ProcessSpec) : {};
  return { id, namespace, parsed, spec: { ...given, id, parameters: parsed.graph?.parameters ?? [] } };
}

export interface LinkOptions<C> {
  readonly limits: GraphLimits;
  readonly checks: SchemaChecks;
  /** Processes that are ready; definitions come before them unless a name is taken here. */
  readonly known: Find<C>;
  /**
   * The key of the definition that a call means, among those that are linked; default: its id, where the namespace fits.
   * @param caller the namespace of the definition that calls.
   */
  keyOf?(
    call: { readonly process: string; readonly namespace: string | undefined },
    caller: string,
  ): string | undefined;
}

const closedScope: NameScope = { names: new Set(), isOpen: false };

/**
 * Plans processes (by key) that graphs define and that may call each other, each once, callees first.
 * One that cannot be used gets the reasons in place of a plan. Bodies see only their own parameters.
 */
export function linkDefinitions<C>(
  definitions: ReadonlyMap<string, Definition>,
  options: LinkOptions<C>,
): ReadonlyMap<string, LinkedProcess<C>> {
  const linked = new Map<string, LinkedProcess<C>>();
  const keyOf =
    options.keyOf ??
    (({ process, namespace }) => (mayBeDefined(namespace, process, definitions) ? process : undefined));
  const reads = new Map<string, string[]>();
  for (const [id, { parsed, namespace }] of definitions) {
    const callees = new Set<string>();
    for (const call of parsed.graph ? callsOf(parsed.graph) : []) {
      const key = options.known(call.process, call.namespace) ? undefined : keyOf(call, namespace);
      if (key !== undefined && definitions.has(key)) callees.add(key);
    }
    reads.set(id, [...callees]);
  }
  const { sorted, cycles } = sortTopologically(reads);
  for (const id of sorted) {
    const definition = definitions.get(id) as Definition;
    const find: Find<C> = (process, namespace) =>
      options.known(process, namespace) ??
      linked.get(keyOf({ process, namespace }, definition.namespace) ?? '');
    linked.set(id, linkOne(definition, planBody(definition.parsed, find, options)));
  }
  const unsorted = [...definitions.keys()].filter((id) => !linked.has(id));
  for (const id of unsorted) {
    const cycle = cycles.find((members) => members.includes(id)) ?? cycles[0];
    const issues = new Issues();
    issues.invalid(`processes call each other in a circle: ${describeCycle(cycle)}.`);
    const body = { issues: issues.list, size: { nodes: 0, depth: 0 } };
    linked.set(id, linkOne(definitions.get(id) as Definition, body));
  }
  return linked;
}

function mayBeDefined(
  namespace: string | undefined,
  id: string,
  definitions: ReadonlyMap<string, Definition>,
): boolean {
  const definition = definitions.get(id);
  if (!definition) return false;
  if (namespace === undefined || namespace === definition.namespace) return true;
  return namespace === 'user' && definition.namespace !== 'backend';
}

function linkOne<C>({ id, namespace, spec }: Definition, body: Body<C>): LinkedProcess<C> {
  const process: RegisteredProcess<C> = Object.freeze({
    ...{ id, namespace, spec: Object.freeze(spec) },
    effects: body.plan?.effects ?? 'none',
  });
  return { process, body };
}

/** Everything that is wrong with a parsed graph whose callees are linked, and its size. */
export function checkParsed<C>(
  { graph, issues: found }: ParseResult,
  scope: NameScope,
  find: Find<C>,
  { limits, checks }: Pick<LinkOptions<C>, 'limits' | 'checks'>,
): { readonly issues: readonly GraphIssue[]; readonly size: Size } {
  if (!graph) return { issues: found, size: { nodes: 0, depth: 0 } };
  const issues = new Issues();
  const size = measure(graph, find);
  checkSize(size, limits, issues);
  const isTooLarge = !issues.isEmpty;
  for (const issue of found) issues.push(issue);
  if (!isTooLarge) validateGraph(graph, scope, { find, checks, issues });
  return { issues: issues.list, size: issues.isEmpty ? size : { nodes: 0, depth: 0 } };
}

function planBody<C>(parsed: ParseResult, find: Find<C>, options: LinkOptions<C>): Body<C> {
  const checked = checkParsed(parsed, closedScope, find, options);
  if (!parsed.graph || checked.issues.length > 0) return checked;
  return { ...checked, plan: planGraph(parsed.graph, find) };
}

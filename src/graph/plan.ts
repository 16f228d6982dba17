import { hashNode, hashPlan } from './hash';
import type { Find, LinkedProcess } from './linked';
import { readsOf, sortTopologically } from './order';
import type { ParsedArgument, ParsedGraph, ParsedNode } from './parse';
import { callbackParameters, callbackReturns } from './schema/kinds';
import { freezeCopy } from './shape';
import {
  type CallbackArgument,
  type Effects,
  omittedValue,
  type ParameterSpec,
  type Plan,
  type PlanArgument,
  type PlanNode,
} from './types';

/** Plans a graph that `validateGraph` found nothing wrong with. */
export function planGraph<C>(graph: ParsedGraph, find: Find<C>): Plan<C> {
  const reads = readsOf(graph);
  const readers = new Map<string, number>();
  for (const sources of reads.values())
    for (const source of sources) readers.set(source, (readers.get(source) ?? 0) + 1);
  const hashes = new Map<string, string>();
  const free = new Set<string>();
  const nodes: PlanNode<C>[] = [];
  let effects: Effects = 'none';
  for (const id of sortTopologically(reads).sorted) {
    const parsed = graph.nodes.get(id) as ParsedNode;
    const linked = find(parsed.process, parsed.namespace) as LinkedProcess<C>;
    const node: PlanNode<C> = Object.freeze({
      id,
      process: linked.process,
      ...(linked.body?.plan ? { body: linked.body.plan } : {}),
      arguments: planArguments(parsed, linked, find),
      reads: Object.freeze(reads.get(id) as string[]),
      readers: readers.get(id) ?? 0,
    });
    for (const argument of node.arguments.values()) addFree(argument, free);
    if (linked.process.effects === 'write' || writes(node.arguments.values())) effects = 'write';
    hashes.set(id, hashNode(node as unknown as PlanNode, hashes));
    nodes.push(node);
  }
  const result = graph.result as string;
  const defaults = planDefaults(graph, find);
  for (const { plan } of defaults.values()) if (plan.effects === 'write') effects = 'write';
  return Object.freeze({
    nodes: Object.freeze(nodes),
    result,
    parameters: graph.parameters,
    defaults,
    free,
    effects,
    hash: hashPlan(nodes as unknown as PlanNode[], result, hashes, graph.parameters, defaults),
  });
}

/** In the order of the process description; literals of absent ones come from its defaults. */
function planArguments<C>(
  node: ParsedNode,
  { process, body }: LinkedProcess<C>,
  find: Find<C>,
): ReadonlyMap<string, PlanArgument> {
  const planned = new Map<string, PlanArgument>();
  for (const parameter of process.spec.parameters ?? []) {
    const argument = node.arguments.get(parameter.name);
    const value = omittedValue(process, parameter);
    if (argument) planned.set(parameter.name, planArgument(argument, parameter, [], find));
    else if (value !== undefined && !body?.plan?.defaults.has(parameter.name))
      planned.set(parameter.name, { kind: 'literal', value: freezeCopy(value) });
  }
  return planned;
}

function planArgument<C>(
  argument: ParsedArgument,
  parameter: ParameterSpec,
  path: readonly (string | number)[],
  find: Find<C>,
): PlanArgument {
  switch (argument.kind) {
    case 'literal':
      return Object.freeze({ kind: 'literal', value: argument.value });
    case 'node':
      return Object.freeze({ kind: 'node', node: argument.node });
    case 'parameter':
      return Object.freeze({ kind: 'parameter', name: argument.name });
    case 'array': {
      const items = argument.items.map((item, index) =>
        planArgument(item, parameter, [...path, index], find),
      );
      return Object.freeze({ kind: 'array', items: Object.freeze(items) });
    }
    case 'object': {
      const entries = [...argument.entries].map(
        ([key, item]) => [key, planArgument(item, parameter, [...path, key], find)] as const,
      );
      return Object.freeze({ kind: 'object', entries: new Map(entries) });
    }
    case 'broken':
      throw new TypeError('A graph with problems cannot be planned');
    case 'graph':
      return planCallback(argument.graph, parameter, path, find);
  }
}

function planCallback<C>(
  graph: ParsedGraph,
  { schema }: ParameterSpec,
  path: readonly (string | number)[],
  find: Find<C>,
): CallbackArgument {
  const parameters = Object.freeze([...(callbackParameters(schema, path) ?? [])]);
  const plan = withoutOwn(planGraph(graph, find), parameters) as unknown as Plan;
  return Object.freeze({ kind: 'callback', plan, parameters, returns: callbackReturns(schema, path) });
}

function planDefaults<C>(
  { parameters, defaults }: ParsedGraph,
  find: Find<C>,
): ReadonlyMap<string, CallbackArgument> {
  const planned = new Map<string, CallbackArgument>();
  for (const parameter of parameters) {
    const graph = defaults.get(parameter.name);
    if (graph) planned.set(parameter.name, planCallback(graph, parameter, [], find));
  }
  return planned;
}

/** The plan of a callback: what its process hands to it does not come from outside. */
function withoutOwn<C>(plan: Plan<C>, own: readonly string[]): Plan<C> {
  const free = new Set([...plan.free].filter((name) => !own.includes(name)));
  return Object.freeze({ ...plan, free });
}

function addFree(argument: PlanArgument, free: Set<string>): void {
  if (argument.kind === 'parameter') free.add(argument.name);
  else if (argument.kind === 'callback') for (const name of argument.plan.free) free.add(name);
  else if (argument.kind === 'array') for (const item of argument.items) addFree(item, free);
  else if (argument.kind === 'object') for (const item of argument.entries.values()) addFree(item, free);
}

function writes(values: Iterable<PlanArgument>): boolean {
  for (const argument of values) {
    if (argument.kind === 'callback' && argument.plan.effects === 'write') return true;
    if (argument.kind === 'array' && writes(argument.items)) return true;
    if (argument.kind === 'object' && writes(argument.entries.values())) return true;
  }
  return false;
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../src/base/paths';
import {
  type Arguments,
  type Callback,
  defineCallback,
  type Plan,
  type PlanArgument,
  type PlanNode,
  type ProcessModule,
  type ProcessSpec,
} from '../../src/graph/types';

/** The families of processes that work on values. */
export const families = ['math', 'comparison', 'logic', 'arrays', 'statistics', 'texts', 'dates'];

const modules = new Map<string, ProcessModule>();
for (const family of families) {
  const folder = packagePath('src', 'processes', family);
  if (!existsSync(folder)) continue;
  for (const file of readdirSync(folder)) {
    const exported = require(join(folder, file)) as Partial<ProcessModule>;
    if (exported.run) modules.set(file.replace(/\.[jt]s$/, ''), exported as ProcessModule);
  }
}

export const valueProcesses: ReadonlyMap<string, ProcessModule> = modules;

export function specOf(id: string): ProcessSpec {
  return require(packagePath('processes', `${id}.json`)) as ProcessSpec;
}

type Nodes = Readonly<
  Record<string, { process_id: string; arguments: Readonly<Record<string, unknown>>; result?: boolean }>
>;

/** A plan straight from JSON: no checks, so that tests of kernels need no other room. */
export function planOf(graph: Nodes, bodies: ReadonlyMap<string, Plan> = new Map()): Plan {
  const nodes = Object.entries(graph).map(([id, node]): PlanNode => {
    const body = bodies.get(node.process_id);
    const spec: ProcessSpec = body
      ? { id: node.process_id, parameters: body.parameters }
      : specOf(node.process_id);
    const args = new Map(
      Object.entries(node.arguments).map(([name, value]) => [name, argumentOf(value, bodies)]),
    );
    const reads = new Set([...args.values()].flatMap(nodesIn));
    return {
      id,
      process: {
        id: node.process_id,
        namespace: 'backend',
        spec,
        module: body ? undefined : valueProcesses.get(node.process_id),
        effects: 'none',
      },
      body,
      arguments: args,
      reads: [...reads],
      readers: 1,
    };
  });
  const result = Object.keys(graph).find((id) => graph[id].result) as string;
  return {
    nodes,
    result,
    parameters: [],
    defaults: new Map(),
    free: new Set(),
    effects: 'none',
    hash: JSON.stringify(graph),
  };
}

function argumentOf(value: unknown, bodies: ReadonlyMap<string, Plan>): PlanArgument {
  if (Array.isArray(value)) return { kind: 'array', items: value.map((item) => argumentOf(item, bodies)) };
  if (typeof value === 'object' && value !== null) {
    const reference = value as { from_node?: string; from_parameter?: string; process_graph?: Nodes };
    if (reference.from_node !== undefined) return { kind: 'node', node: reference.from_node };
    if (reference.from_parameter !== undefined) return { kind: 'parameter', name: reference.from_parameter };
    if (reference.process_graph)
      return {
        kind: 'callback',
        plan: planOf(reference.process_graph, bodies),
        parameters: ['x', 'index', 'label', 'context'],
      };
  }
  return { kind: 'literal', value };
}

function nodesIn(argument: PlanArgument): string[] {
  if (argument.kind === 'node') return [argument.node];
  if (argument.kind === 'array') return argument.items.flatMap(nodesIn);
  return [];
}

/** A callback that runs its plan node by node, as plainly as can be. */
export function callbackOf(
  graph: Nodes,
  parameters: readonly string[],
  outer: Readonly<Record<string, unknown>> = {},
  bodies: ReadonlyMap<string, Plan> = new Map(),
): Callback {
  return bind(planOf(graph, bodies), parameters, (name) => {
    if (!Object.hasOwn(outer, name)) throw new Error(`No value for ${name}`);
    return outer[name];
  });
}

function bind(plan: Plan, parameters: readonly string[], lookup: (name: string) => unknown): Callback {
  return defineCallback({
    plan,
    parameters,
    lookup,
    call: (values) => interpret(plan, (name) => (Object.hasOwn(values, name) ? values[name] : lookup(name))),
  });
}

async function interpret(plan: Plan, lookup: (name: string) => unknown): Promise<unknown> {
  const results = new Map<string, unknown>();
  const resolve = (argument: PlanArgument): unknown => {
    if (argument.kind === 'literal') return argument.value;
    if (argument.kind === 'node') return results.get(argument.node);
    if (argument.kind === 'parameter') return lookup(argument.name);
    if (argument.kind === 'array') return argument.items.map(resolve);
    if (argument.kind === 'callback') return bind(argument.plan, argument.parameters, lookup);
    throw new Error('Objects are no arguments here');
  };
  for (const node of plan.nodes) {
    const args: Record<string, unknown> = Object.create(null);
    for (const { name, default: value } of node.process.spec.parameters ?? [])
      if (value !== undefined) args[name] = value;
    for (const [name, argument] of node.arguments) args[name] = resolve(argument);
    const value = node.body
      ? await interpret(node.body, (name) => args[name])
      : await node.process.module?.run(args as Arguments, undefined as never);
    results.set(node.id, value);
  }
  return results.get(plan.result);
}

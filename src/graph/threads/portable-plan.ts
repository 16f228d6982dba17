import type { Find } from '../linked';
import type {
  CallbackArgument,
  Effects,
  ParameterSpec,
  Plan,
  PlanArgument,
  PlanNode,
  ProcessSpec,
} from '../types';

/** A plan without functions: what structured cloning carries to another thread. */
export interface PortablePlan {
  readonly nodes: readonly PortableNode[];
  readonly result: string;
  readonly parameters: readonly ParameterSpec[];
  readonly free: ReadonlySet<string>;
  readonly defaults: ReadonlyMap<string, PortableCallback>;
  readonly effects: Effects;
  readonly hash: string;
}

interface PortableNode {
  readonly id: string;
  readonly process: {
    readonly id: string;
    readonly namespace: string;
    readonly effects: Effects;
    /** Only of processes that are defined by a graph; the others are known everywhere. */
    readonly spec?: ProcessSpec;
  };
  readonly body?: PortablePlan;
  readonly arguments: ReadonlyMap<string, PortableArgument>;
  readonly reads: readonly string[];
  readonly readers: number;
}

interface PortableCallback {
  readonly kind: 'callback';
  readonly plan: PortablePlan;
  readonly parameters: readonly string[];
}

type PortableArgument =
  | Exclude<PlanArgument, { readonly kind: 'array' | 'object' | 'callback' }>
  | { readonly kind: 'array'; readonly items: readonly PortableArgument[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, PortableArgument> }
  | PortableCallback;

function mapValues<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): Map<string, B> {
  return new Map([...map].map(([name, value]) => [name, change(value)]));
}

export function toPortablePlan(plan: Plan): PortablePlan {
  return {
    ...plan,
    nodes: plan.nodes.map(toPortableNode),
    defaults: mapValues(plan.defaults, toPortableCallback),
  };
}

function toPortableNode(node: PlanNode): PortableNode {
  const { id, namespace, effects, spec } = node.process;
  return {
    ...node,
    process: { id, namespace, effects, ...(node.body && { spec }) },
    body: node.body && toPortablePlan(node.body),
    arguments: mapValues(node.arguments, toPortableArgument),
  };
}

function toPortableArgument(argument: PlanArgument): PortableArgument {
  switch (argument.kind) {
    case 'array':
      return { kind: 'array', items: argument.items.map(toPortableArgument) };
    case 'object':
      return { kind: 'object', entries: mapValues(argument.entries, toPortableArgument) };
    case 'callback':
      return toPortableCallback(argument);
    default:
      return argument;
  }
}

function toPortableCallback(callback: CallbackArgument): PortableCallback {
  return { ...callback, plan: toPortablePlan(callback.plan) };
}

/** The plan again, with the functions of this thread. @throws Error for a process that it does not have */
export function fromPortablePlan<C>(plan: PortablePlan, find: Find<C>): Plan<C> {
  const node = (portable: PortableNode): PlanNode<C> => {
    const { id, namespace, spec, effects } = portable.process;
    const known = spec ? { id, namespace, spec, effects } : find(id, namespace)?.process;
    if (!known) throw new Error(`There is no process ${id} here`);
    return {
      ...portable,
      process: known,
      body: portable.body && fromPortablePlan(portable.body, find),
      arguments: mapValues(portable.arguments, argument),
    };
  };
  const callback = (portable: PortableCallback): CallbackArgument => ({
    ...portable,
    plan: fromPortablePlan(portable.plan, find) as unknown as Plan,
  });
  const argument = (portable: PortableArgument): PlanArgument => {
    switch (portable.kind) {
      case 'array':
        return { kind: 'array', items: portable.items.map(argument) };
      case 'object':
        return { kind: 'object', entries: mapValues(portable.entries, argument) };
      case 'callback':
        return callback(portable);
      default:
        return portable;
    }
  };
  return { ...plan, nodes: plan.nodes.map(node), defaults: mapValues(plan.defaults, callback) };
}

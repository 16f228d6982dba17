import type { ParsedGraph } from './parse';
import { nestedGraphs } from './parse';
import type { GraphIssue, Plan, RegisteredProcess } from './types';

/** A process together with what planning found out about the graph that defines it, if one does. */
export interface LinkedProcess<C> {
  readonly process: RegisteredProcess<C>;
  readonly body?: Body<C>;
}

export interface Body<C> {
  readonly plan?: Plan<C>;
  /** Empty exactly when there is a plan. */
  readonly issues: readonly GraphIssue[];
  readonly size: Size;
}

/** How large a graph is when everything that it calls is written out. */
export interface Size {
  readonly nodes: number;
  /** Graphs inside each other: 0 for one without callbacks and calls of graph-defined processes. */
  readonly depth: number;
}

/** Finds what a node calls. */
export type Find<C> = (process: string, namespace: string | undefined) => LinkedProcess<C> | undefined;

/** The written-out size. Numbers grow to infinity rather than wrap. */
export function measure<C>(graph: ParsedGraph, find: Find<C>): Size {
  let nodes = graph.nodes.size;
  let depth = 0;
  for (const node of graph.nodes.values()) {
    const body = find(node.process, node.namespace)?.body;
    if (body) {
      nodes += body.size.nodes;
      depth = Math.max(depth, body.size.depth + 1);
    }
    for (const argument of node.arguments.values())
      for (const nested of nestedGraphs(argument)) {
        const size = measure(nested, find);
        nodes += size.nodes;
        depth = Math.max(depth, size.depth + 1);
      }
  }
  for (const nested of graph.defaults.values()) {
    const size = measure(nested, find);
    nodes += size.nodes;
    depth = Math.max(depth, size.depth + 1);
  }
  return { nodes, depth };
}

/** Every call in a graph and the graphs inside it. */
export function* callsOf(graph: ParsedGraph): Generator<{ process: string; namespace: string | undefined }> {
  for (const node of graph.nodes.values()) {
    yield node;
    for (const argument of node.arguments.values())
      for (const nested of nestedGraphs(argument)) yield* callsOf(nested);
  }
  for (const nested of graph.defaults.values()) yield* callsOf(nested);
}

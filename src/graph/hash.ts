import { createHash } from 'node:crypto';
import type { ParameterSpec, PlanArgument, PlanNode } from './types';

function digest(parts: readonly string[]): string {
  const hash = createHash('sha256');
  // The length in front keeps ["ab", "c"] and ["a", "bc"] apart.
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url');
}

/** JSON text that does not depend on the order of keys. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
  return `{${entries.sort().join(',')}}`;
}

function hashArgument(argument: PlanArgument, nodes: ReadonlyMap<string, string>): string {
  switch (argument.kind) {
    case 'literal':
      return digest(['literal', canonicalJson(argument.value)]);
    case 'node':
      return digest(['node', nodes.get(argument.node) as string]);
    case 'parameter':
      return digest(['parameter', argument.name]);
    case 'callback':
      return digest(['callback', argument.plan.hash, ...argument.parameters]);
    case 'array':
      return digest(['array', ...argument.items.map((item) => hashArgument(item, nodes))]);
    case 'object': {
      const entries = [...argument.entries].sort(([a], [b]) => (a < b ? -1 : 1));
      return digest(['object', ...entries.flatMap(([key, item]) => [key, hashArgument(item, nodes)])]);
    }
  }
}

/** What a node computes, from the hashes of the nodes that it reads. */
export function hashNode(node: PlanNode, nodes: ReadonlyMap<string, string>): string {
  const { process, body } = node;
  const called = body ? ['graph', body.hash] : ['process', process.id];
  const entries = [...node.arguments].sort(([a], [b]) => (a < b ? -1 : 1));
  return digest([...called, ...entries.flatMap(([name, value]) => [name, hashArgument(value, nodes)])]);
}

/**
 * What a graph does: its result, the nodes that nothing reads, how often it writes, and its parameters.
 * Node ids and the order of keys do not enter.
 */
export function hashPlan(
  nodes: readonly PlanNode[],
  result: string,
  hashes: ReadonlyMap<string, string>,
  parameters: readonly ParameterSpec[],
): string {
  const of = (node: PlanNode) => hashes.get(node.id) as string;
  const ends = new Set(nodes.filter(({ readers }) => readers === 0).map(of));
  const writes = nodes.filter(({ process }) => process.effects === 'write').map(of);
  const declared = parameters.map((parameter) => canonicalJson([parameter.name, parameter.default ?? null]));
  return digest([
    hashes.get(result) as string,
    ...[...ends].sort(),
    'writes',
    ...writes.sort(),
    'parameters',
    ...declared.sort(),
  ]);
}

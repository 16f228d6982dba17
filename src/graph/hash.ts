import { createHash } from 'node:crypto';
import type { CallbackArgument, ParameterSpec, PlanArgument, PlanNode } from './types';

/** The length in front keeps ["ab", "c"] and ["a", "bc"] apart. */
function join(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(join(parts)).digest('base64url');
}

/** Shorter arrays are written out sooner. */
const shortArray = 16;
/** Levels of arrays that are looked through at once, which bounds what it costs to try again at every level. */
const maxLevels = 4;

/** Appends the numbers of nested arrays, and how they are nested. @returns false where there is anything else in them */
function flatten(value: readonly unknown[], levels: number, out: number[]): boolean {
  out.push(value.length);
  for (const item of value) {
    if (typeof item === 'number') out.push(0, item);
    else if (levels === 1 || !Array.isArray(item)) return false;
    else {
      out.push(1);
      if (!flatten(item, levels - 1, out)) return false;
    }
  }
  return true;
}

/** Stands for the coordinates of a geometry and the like, which take long to write out; undefined for other values. */
function digestOfNumbers(value: readonly unknown[]): string | undefined {
  const numbers: number[] = [];
  if (!flatten(value, maxLevels, numbers) || numbers.length < shortArray) return undefined;
  return `#${createHash('sha256').update(Float64Array.from(numbers)).digest('base64url')}`;
}

/** Text of a JSON value that does not depend on the order of keys; of many numbers it has a digest only. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const digestText = Array.isArray(value) ? digestOfNumbers(value) : undefined;
  if (digestText !== undefined) return digestText;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
  return `{${entries.sort().join(',')}}`;
}

function describeArgument(argument: PlanArgument, nodes: ReadonlyMap<string, string>): string {
  switch (argument.kind) {
    case 'literal':
      return join(['literal', canonicalJson(argument.value)]);
    case 'node':
      return join(['node', nodes.get(argument.node) as string]);
    case 'parameter':
      return join(['parameter', argument.name]);
    case 'callback':
      return join(['callback', argument.plan.hash, ...argument.parameters]);
    case 'array':
      return join(['array', ...argument.items.map((item) => describeArgument(item, nodes))]);
    case 'object': {
      const entries = [...argument.entries].sort(([a], [b]) => (a < b ? -1 : 1));
      return join(['object', ...entries.flatMap(([key, item]) => [key, describeArgument(item, nodes)])]);
    }
  }
}

/** What a node computes, from the hashes of the nodes that it reads. */
export function hashNode(node: PlanNode, nodes: ReadonlyMap<string, string>): string {
  const { process, body } = node;
  const called = body ? ['graph', body.hash] : ['process', process.id];
  const entries = [...node.arguments].sort(([a], [b]) => (a < b ? -1 : 1));
  return digest([...called, ...entries.flatMap(([name, value]) => [name, describeArgument(value, nodes)])]);
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
  defaults: ReadonlyMap<string, CallbackArgument>,
): string {
  const of = (node: PlanNode) => hashes.get(node.id) as string;
  const ends = new Set(nodes.filter(({ readers }) => readers === 0).map(of));
  const writes = nodes.filter(({ process }) => process.effects === 'write').map(of);
  const declared = parameters.map(({ name, default: value = null }) =>
    canonicalJson([name, defaults.get(name)?.plan.hash ?? value]),
  );
  return digest([
    hashes.get(result) as string,
    ...[...ends].sort(),
    'writes',
    ...writes.sort(),
    'parameters',
    ...declared.sort(),
  ]);
}

import { type FoldNode, isInvariant, type Node, type RankNode, type ValueType } from './nodes';

/** A value to be written per pixel, with the boolean that says whether it is not no-data. */
export interface Output {
  readonly value: Node;
  readonly valid?: Node;
}

/** Straight-line code in one loop; after the nodes, outputs are written. */
export interface Segment {
  readonly kind: 'segment';
  readonly nodes: readonly Node[];
  readonly outputs: readonly number[];
}

/** Passes over a table of planes that need no other pass in between. */
export interface FoldStep {
  readonly kind: 'fold';
  readonly nodes: readonly FoldNode[];
}

export interface RankStep {
  readonly kind: 'rank';
  readonly nodes: readonly RankNode[];
}

export type Step = Segment | FoldStep | RankStep;

/** The order of work for one block of pixels. */
export interface Program {
  readonly steps: readonly Step[];
  /** Where values wait that a later step reads: an index into the block's buffers. */
  readonly spills: ReadonlyMap<Node, number>;
  readonly buffers: readonly ValueType[];
  readonly outputs: readonly Output[];
}

/** V8 gives up optimising very long functions, so no segment is longer than this. */
const maxSegmentWeight = 256;

/** Leaves are made anew in each step that reads them. */
export function isLeaf(node: Node): boolean {
  return isInvariant(node) || (node.op !== 'fold' && node.op !== 'rank' && node.operands.length === 0);
}

/** Drops what no output depends on and puts the rest in order. */
export function schedule(outputs: readonly Output[]): Program {
  const live = liveNodes(outputs);
  const steps: Step[] = [];
  const levels = live.reduce((most, node) => Math.max(most, node.level), 0);
  for (let level = 0; level <= levels; level++) {
    const nodes = live.filter((node) => node.level === level && !isLeaf(node));
    steps.push(...tableSteps(nodes), ...segments(nodes));
  }
  placeOutputs(steps, outputs);
  return { steps, outputs, ...spill(steps, outputs) };
}

function liveNodes(outputs: readonly Output[]): Node[] {
  const live = new Set<Node>();
  const open = outputs.flatMap(({ value, valid }) => (valid ? [value, valid] : [value]));
  for (let node = open.pop(); node; node = open.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    open.push(...node.operands);
  }
  return [...live].sort((a, b) => a.id - b.id);
}

function tableSteps(nodes: readonly Node[]): Step[] {
  const folds = new Map<string, FoldNode[]>();
  const ranks = new Map<string, RankNode[]>();
  for (const node of nodes) {
    if (node.op === 'fold') group(folds, node.planes.join(), node);
    else if (node.op === 'rank') group(ranks, node.planes.join(), node);
  }
  return [
    ...[...folds.values()].map((list): Step => ({ kind: 'fold', nodes: list })),
    ...[...ranks.values()].map((list): Step => ({ kind: 'rank', nodes: list })),
  ];
}

function group<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const list = groups.get(key);
  if (list) list.push(item);
  else groups.set(key, [item]);
}

function segments(nodes: readonly Node[]): Segment[] {
  const result: Segment[] = [];
  let current: Node[] = [];
  let weight = 0;
  for (const node of nodes) {
    if (node.op === 'fold' || node.op === 'rank') continue;
    const own = 1 + (node.operands.length >> 2);
    if (current.length > 0 && weight + own > maxSegmentWeight) {
      result.push({ kind: 'segment', nodes: current, outputs: [] });
      current = [];
      weight = 0;
    }
    current.push(node);
    weight += own;
  }
  if (current.length > 0) result.push({ kind: 'segment', nodes: current, outputs: [] });
  return result;
}

function placeOutputs(steps: Step[], outputs: readonly Output[]): void {
  const size = maxSegmentWeight >> 1;
  const all = outputs.map((_, index) => index);
  const last = steps.at(-1);
  let placed = 0;
  if (last?.kind === 'segment') {
    steps[steps.length - 1] = { ...last, outputs: all.slice(0, size) };
    placed = size;
  }
  for (; placed < all.length; placed += size)
    steps.push({ kind: 'segment', nodes: [], outputs: all.slice(placed, placed + size) });
}

/** The nodes whose values a step reads. */
export function readsOf(step: Step, outputs: readonly Output[]): Node[] {
  const reads = step.nodes.flatMap((node) => node.operands);
  if (step.kind === 'segment')
    for (const index of step.outputs) {
      const { value, valid } = outputs[index];
      reads.push(value);
      if (valid) reads.push(valid);
    }
  return reads;
}

/** Gives a buffer to every value that another step reads; buffers are reused after their last reader. */
function spill(steps: readonly Step[], outputs: readonly Output[]): Pick<Program, 'spills' | 'buffers'> {
  const lastRead = new Map<Node, number>();
  steps.forEach((step, index) => {
    const own = new Set<Node>(step.kind === 'segment' ? step.nodes : []);
    for (const node of readsOf(step, outputs)) if (!isLeaf(node) && !own.has(node)) lastRead.set(node, index);
  });
  const spills = new Map<Node, number>();
  const buffers: ValueType[] = [];
  const free: Record<ValueType, number[]> = { number: [], boolean: [] };
  const released = new Map<number, Node[]>();
  steps.forEach((step, index) => {
    for (const node of released.get(index - 1) ?? []) free[node.type].push(spills.get(node)!);
    for (const node of step.nodes) {
      const last = lastRead.get(node);
      if (last === undefined) continue;
      const buffer = free[node.type].pop() ?? buffers.push(node.type) - 1;
      spills.set(node, buffer);
      const list = released.get(last);
      if (list) list.push(node);
      else released.set(last, [node]);
    }
  });
  return { spills, buffers };
}

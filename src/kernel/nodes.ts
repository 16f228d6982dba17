/** What a value per pixel is. */
export type ValueType = 'number' | 'boolean';

interface NodeBase {
  readonly id: number;
  readonly type: ValueType;
  /** How many table passes have to run before this value can be computed. */
  readonly level: number;
  readonly operands: readonly Node[];
}

/** A pixel of an input plane. */
export interface LoadNode extends NodeBase {
  readonly op: 'load';
  readonly plane: number;
}

/** Whether that pixel is not missing. */
export interface ValidNode extends NodeBase {
  readonly op: 'valid';
  readonly plane: number;
}

/** A bound number; its value is no part of the code. */
export interface ConstantNode extends NodeBase {
  readonly op: 'constant';
  readonly slot: number;
}

/** A fixed template in which `$0`, `$1`, … stand for the operands. */
export interface CodeNode extends NodeBase {
  readonly op: 'code';
  readonly code: string;
  /** See `singleNodes`. */
  readonly mayRound: boolean;
}

/** A call of a bound function of ours with the operands. */
export interface CallNode extends NodeBase {
  readonly op: 'call';
  readonly call: ScalarFunction;
}

/** A step over many planes: `$a` the value so far, `$v` the pixel, `$m` whether it is valid, `$0` … operands. */
export interface FoldNode extends NodeBase {
  readonly op: 'fold';
  readonly step: string;
  readonly initial: string;
  readonly planes: readonly number[];
  readonly itemType: ValueType;
}

/** A quantile of many planes; its operand is the probability. */
export interface RankNode extends NodeBase {
  readonly op: 'rank';
  readonly planes: readonly number[];
}

/** A quantile of few values: the operands are the probability, then value and validity of each. */
export interface QuantileNode extends NodeBase {
  readonly op: 'quantile';
}

export type Node =
  | LoadNode
  | ValidNode
  | ConstantNode
  | CodeNode
  | CallNode
  | FoldNode
  | RankNode
  | QuantileNode;

export type ScalarFunction = (...values: never[]) => number | boolean;

const functionIds = new WeakMap<ScalarFunction, number>();
let functionCount = 0;

/** The same number for the same function, so that it can be part of a kernel's key. */
export function functionId(call: ScalarFunction): number {
  let id = functionIds.get(call);
  if (id === undefined) {
    id = functionCount++;
    functionIds.set(call, id);
  }
  return id;
}

const invariants = new WeakMap<Node, boolean>();

/** True for what is the same for all pixels, because only constants go into it. */
export function isInvariant(node: Node): boolean {
  if (node.op === 'constant') return true;
  if (node.op !== 'code' && node.op !== 'call') return false;
  let known = invariants.get(node);
  if (known === undefined) {
    // Operands come first, so theirs are known already and this does not go deep.
    known = node.operands.length > 0 && node.operands.every(isInvariant);
    invariants.set(node, known);
  }
  return known;
}

/** Thrown where a callback has more steps than kernels may have; the general path takes over. */
export class KernelTooLarge extends Error {}

/** Thrown where a callback has no kernel as a whole. */
export class NoKernel extends Error {}

/** Nodes in order of creation; equal ones are the same node (common sub-expressions). */
export class NodeTable {
  readonly nodes: Node[] = [];
  readonly constants: number[] = [];
  readonly #byKey = new Map<string, Node>();
  readonly #slots = new Map<number, number>();

  constructor(readonly maxNodes: number) {}

  load(plane: number, type: ValueType): Node {
    return this.#intern(`load ${plane} ${type}`, (id) => ({
      op: 'load',
      id,
      type,
      level: 0,
      operands: [],
      plane,
    }));
  }

  valid(plane: number): Node {
    return this.#intern(`valid ${plane}`, (id) => ({
      op: 'valid',
      id,
      type: 'boolean',
      level: 0,
      operands: [],
      plane,
    }));
  }

  constant(value: number): Node {
    // Map keys treat 0 and -0 alike, and a kernel must not.
    const slot = (Object.is(value, -0) ? undefined : this.#slots.get(value)) ?? this.constants.length;
    if (slot === this.constants.length) {
      this.constants.push(value);
      if (!Object.is(value, -0)) this.#slots.set(value, slot);
    }
    return this.#intern(`constant ${slot}`, (id) => ({
      op: 'constant',
      id,
      type: 'number',
      level: 0,
      operands: [],
      slot,
    }));
  }

  /** @param mayRound whether it may be computed in float32, see `singleNodes`. */
  code(code: string, type: ValueType, operands: readonly Node[], mayRound = false): Node {
    return this.#intern(`code ${mayRound ? '~' : ''}${code} ${keyOf(operands)}`, (id) => ({
      op: 'code',
      id,
      type,
      level: levelOf(operands),
      operands,
      code,
      mayRound,
    }));
  }

  call(call: ScalarFunction, type: ValueType, operands: readonly Node[]): Node {
    return this.#intern(`call ${functionId(call)} ${keyOf(operands)}`, (id) => ({
      op: 'call',
      id,
      type,
      level: levelOf(operands),
      operands,
      call,
    }));
  }

  fold(fold: Omit<FoldNode, 'op' | 'id' | 'level'>): Node {
    const key = `fold ${fold.step} ${fold.initial} ${fold.itemType} ${fold.planes.join()} ${keyOf(fold.operands)}`;
    return this.#intern(key, (id) => ({ op: 'fold', id, level: levelOf(fold.operands) + 1, ...fold }));
  }

  rank(planes: readonly number[], probability: Node): Node {
    return this.#intern(`rank ${planes.join()} ${probability.id}`, (id) => ({
      op: 'rank',
      id,
      type: 'number',
      level: probability.level + 1,
      operands: [probability],
      planes,
    }));
  }

  quantile(operands: readonly Node[]): Node {
    return this.#intern(`quantile ${keyOf(operands)}`, (id) => ({
      op: 'quantile',
      id,
      type: 'number',
      level: levelOf(operands),
      operands,
    }));
  }

  #intern(key: string, create: (id: number) => Node): Node {
    const known = this.#byKey.get(key);
    if (known) return known;
    if (this.nodes.length >= this.maxNodes) throw new KernelTooLarge();
    const node = create(this.nodes.length);
    isInvariant(node);
    this.nodes.push(node);
    this.#byKey.set(key, node);
    return node;
  }
}

function keyOf(operands: readonly Node[]): string {
  return operands.map((node) => node.id).join();
}

function levelOf(operands: readonly Node[]): number {
  return operands.reduce((level, node) => Math.max(level, node.level), 0);
}

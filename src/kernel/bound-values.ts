import { callable } from './elementwise';
import type { Node } from './nodes';

/** Values of a program that are the same for all pixels, truth as 0 and 1; they are bound, never code. */
export class BoundValues {
  readonly #slots = new Map<Node, number>();
  readonly #values = new Map<Node, number>();

  /** @param constants what constant nodes stand for. */
  constructor(readonly constants: Float64Array) {}

  get size(): number {
    return this.#slots.size;
  }

  /** Where the node's value is in {@link list}. */
  slot(node: Node): number {
    let slot = this.#slots.get(node);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(node, slot);
    }
    return slot;
  }

  /** The values that were asked for, by slot. */
  list(): Float64Array {
    return Float64Array.from(this.#slots.keys(), (node) => this.value(node));
  }

  /** What a node is that only constants go into. */
  value(node: Node): number {
    let value = this.#values.get(node);
    if (value === undefined) {
      value = Number(this.#compute(node));
      this.#values.set(node, value);
    }
    return value;
  }

  #compute(node: Node): number | boolean {
    if (node.op === 'constant') return this.constants[node.slot];
    if (node.op !== 'code' && node.op !== 'call') throw new TypeError(`A ${node.op} is no constant`);
    const operands = node.operands.map((operand) =>
      operand.type === 'boolean' ? this.value(operand) !== 0 : this.value(operand),
    );
    const call = node.op === 'call' ? node.call : callable(node.code, operands.length);
    return call(...(operands as never[]));
  }
}

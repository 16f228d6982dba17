import type { Node, NodeTable, ScalarFunction, ValueType } from './nodes';
import { constant, type Operand, type Scalar } from './operands';

/** Up to so many array elements a reduction is written out; beyond, it loops over a table of planes. */
const maxUnrolled = 6;
/** A validity that depends on more facts than this is computed once instead of being listed. */
const maxFacts = 12;

/** An operation: a fixed template with `$0`, `$1`, … for its operands, or a function. */
export type Operation = string | ScalarFunction;

/** What a step does with each element: `$a` the value so far, `$v` the element, `$m` whether it is valid. */
export interface Fold {
  readonly step: string;
  readonly initial: string;
  readonly type: ValueType;
  readonly operands?: readonly Node[];
}

/** Describes values per pixel. Every kernel is put together from these pieces. */
export class Builder {
  constructor(
    readonly table: NodeTable,
    readonly missing: 'nan' | 'mask',
  ) {}

  plane(plane: number, type: ValueType): Scalar {
    return {
      kind: 'scalar',
      type,
      node: this.table.load(plane, type),
      valid: [this.table.valid(plane)],
      isNaNWhenInvalid: this.missing === 'nan' && type === 'number',
    };
  }

  /**
   * A constant as a value per pixel: a number, a boolean, or null, which takes the type of its surroundings.
   * Undefined for anything else.
   */
  scalar(operand: Operand | undefined, typeOfNull: ValueType = 'number'): Scalar | undefined {
    if (operand?.kind === 'scalar') return operand;
    if (operand?.kind !== 'constant') return undefined;
    const { value } = operand;
    if (typeof value === 'number') return this.always(this.table.constant(value));
    if (typeof value === 'boolean') return this.always(this.table.code(String(value), 'boolean', []));
    if (value !== null) return undefined;
    const node = this.table.code(typeOfNull === 'number' ? 'NaN' : 'false', typeOfNull, []);
    const never = this.table.code('false', 'boolean', []);
    return { kind: 'scalar', type: typeOfNull, node, valid: [never], isNaNWhenInvalid: true };
  }

  /** All operands as values of one type per pixel; undefined where that can't be. */
  scalars(operands: readonly (Operand | undefined)[], type: ValueType): Scalar[] | undefined {
    const scalars: Scalar[] = [];
    for (const operand of operands) {
      const scalar = this.scalar(operand, type);
      if (scalar?.type !== type) return undefined;
      scalars.push(scalar);
    }
    return scalars;
  }

  /** A value that is never no-data. */
  always(node: Node): Scalar {
    return { kind: 'scalar', type: node.type, node, valid: [], isNaNWhenInvalid: true };
  }

  node(operation: Operation, type: ValueType, operands: readonly Node[]): Node {
    return typeof operation === 'string'
      ? this.table.code(operation, type, operands)
      : this.table.call(operation, type, operands);
  }

  /**
   * An operation whose result is no-data where any operand is. In cubes of float32, arithmetic of templates may be
   * computed in float32.
   * @param keepsNaN the result is NaN where an operand is NaN.
   */
  map(operation: Operation, type: ValueType, operands: readonly Scalar[], keepsNaN = true): Operand {
    if (operands.some((operand) => operand.valid.some((fact) => fact.op === 'code' && fact.code === 'false')))
      return constant(null);
    const nodes = operands.map((operand) => operand.node);
    const node =
      typeof operation === 'string'
        ? this.table.code(operation, type, nodes, type === 'number')
        : this.table.call(operation, type, nodes);
    return {
      kind: 'scalar',
      type,
      node,
      valid: this.allOf(operands.map((operand) => operand.valid)),
      isNaNWhenInvalid: keepsNaN && operands.every((operand) => operand.isNaNWhenInvalid),
    };
  }

  /** Facts that hold where all of these do. */
  allOf(facts: readonly (readonly Node[])[]): readonly Node[] {
    const distinct = new Map<number, Node>();
    for (const list of facts) for (const fact of list) distinct.set(fact.id, fact);
    const sorted = [...distinct.values()].sort((a, b) => a.id - b.id);
    return sorted.length > maxFacts ? [this.isValid(sorted)] : sorted;
  }

  /** Whether all facts hold, as one boolean. */
  isValid(facts: readonly Node[]): Node {
    if (facts.length === 0) return this.table.code('true', 'boolean', []);
    if (facts.length === 1) return facts[0];
    const code = facts.map((_, index) => `$${index}`).join(' && ');
    return this.table.code(`(${code})`, 'boolean', facts);
  }

  /** `accept` where the condition is true, `reject` where it is not; a condition that is no-data is not. */
  select(condition: Scalar, accept: Scalar, reject: Scalar): Scalar {
    const holds = this.isValid(this.allOf([condition.valid, [condition.node]]));
    const choose = (type: ValueType, yes: Node, no: Node) =>
      yes === no ? yes : this.table.code('($0 ? $1 : $2)', type, [holds, yes, no]);
    const valid =
      accept.valid.length + reject.valid.length === 0
        ? []
        : [choose('boolean', this.isValid(accept.valid), this.isValid(reject.valid))];
    return {
      kind: 'scalar',
      type: accept.type,
      node: choose(accept.type, accept.node, reject.node),
      valid,
      isNaNWhenInvalid: accept.isNaNWhenInvalid && reject.isNaNWhenInvalid,
    };
  }

  /** Goes through array elements in order. */
  fold(items: readonly Scalar[], fold: Fold): Node {
    const operands = fold.operands ?? [];
    const planes = items.length > maxUnrolled ? planesOf(items) : undefined;
    if (planes)
      return this.table.fold({
        type: fold.type,
        step: fold.step,
        initial: fold.initial,
        planes,
        itemType: items[0].type,
        operands,
      });
    const shift = (template: string) => template.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + 3}`);
    const step = shift(fold.step).replace(/\$a/g, '$0').replace(/\$v/g, '$1').replace(/\$m/g, '$2');
    return items.reduce<Node>(
      (value, item) =>
        this.table.code(`(${step})`, fold.type, [value, item.node, this.isValid(item.valid), ...operands]),
      this.table.code(fold.initial, fold.type, []),
    );
  }

  /** The quantile (type 7) of the valid elements; NaN where there are none or one of them is NaN. */
  quantile(items: readonly Scalar[], probability: Node): Node {
    const planes = items.length > maxUnrolled ? planesOf(items) : undefined;
    if (planes) return this.table.rank(planes, probability);
    return this.table.quantile([
      probability,
      ...items.flatMap((item) => [item.node, this.isValid(item.valid)]),
    ]);
  }
}

/** The planes of elements that come straight from the input; undefined when one is computed. */
function planesOf(items: readonly Scalar[]): number[] | undefined {
  const planes: number[] = [];
  for (const { node, valid, type } of items) {
    const isPlain =
      node.op === 'load' && valid.length === 1 && valid[0].op === 'valid' && type === items[0].type;
    if (!isPlain || (valid[0] as { plane: number }).plane !== node.plane) return undefined;
    planes.push(node.plane);
  }
  return planes;
}

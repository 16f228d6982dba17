import { type CodeNode, functionId, isInvariant, type Node, type ScalarFunction } from '../nodes';
import { isLeaf, type Program } from '../schedule';
import { type Expression, parseTemplate } from './expression';
import { isNaNMissing, type Layout } from './layout';
import { printSingle } from './single';

/** Names values while code is written. */
export class Writer {
  readonly functions: ScalarFunction[] = [];
  /** Declarations before the loop, by name. */
  readonly #head = new Map<string, string>();
  readonly #names = new Map<Node, string>();
  #lines: string[] = [];

  constructor(
    readonly program: Program,
    readonly layout: Layout,
  ) {}

  /** The whole code: declarations, then the loops. */
  source(body: string): string {
    const head = [...this.#head].map(([name, value]) => `const ${name} = ${value};`).join('\n');
    return `'use strict';\n${head}\n${body}`;
  }

  /** What computes a node from its operands. */
  expression(node: Node): string {
    const operands = node.operands.map((operand) => this.name(operand));
    if (node.op === 'code' && this.layout.singles.has(node)) return this.#single(node, operands);
    if (node.op === 'call') return `${this.#function(node.call)}(${operands.join(', ')})`;
    if (node.op === 'code') return fill(node.code, operands);
    throw new TypeError(`A ${node.op} is no expression`);
  }

  #single(node: CodeNode, operands: readonly string[]): string {
    const rounded = operands.map((operand, index) => {
      const { type } = node.operands[index];
      if (type !== 'number') return operand;
      const value = `Math.fround(${operand})`;
      return isInvariant(node.operands[index]) ? this.declare(`r${operand}`, value) : value;
    });
    return printSingle(parseTemplate(node.code) as Expression, (name) => rounded[Number(name)]);
  }

  /** The expression for a node's value inside the loop. */
  name(node: Node): string {
    const known = this.#names.get(node);
    if (known) return known;
    if (isInvariant(node) && node.operands.length > 0) {
      const name = this.declare(`c${node.id}`, this.expression(node));
      this.#names.set(node, name);
      return name;
    }
    switch (node.op) {
      case 'constant': {
        const name = this.declare(`k${node.slot}`, `K[${node.slot}]`);
        this.#names.set(node, name);
        return name;
      }
      case 'load': {
        const plane = this.#plane(node.plane);
        return this.define(node, node.type === 'boolean' ? `${plane}[i] !== 0` : `${plane}[i]`);
      }
      case 'valid':
        return this.define(node, this.#valid(node.plane));
      default: {
        const buffer = this.program.spills.get(node);
        if (buffer === undefined && isLeaf(node))
          return this.define(node, fill((node as { code: string }).code, []));
        if (buffer === undefined) throw new TypeError('A value is read before it is computed');
        return this.define(node, `${this.buffer(buffer)}[j]${node.type === 'boolean' ? ' !== 0' : ''}`);
      }
    }
  }

  #valid(plane: number): string {
    const facts: string[] = [];
    if (this.layout.planes[plane].hasMask) facts.push(`${this.declare(`m${plane}`, `V[${plane}]`)}[i] !== 0`);
    if (isNaNMissing(this.layout, plane)) {
      const pixel = this.#loaded(plane) ?? `${this.#plane(plane)}[i]`;
      facts.push(`${pixel} === ${pixel}`);
    }
    return facts.join(' && ') || 'true';
  }

  #loaded(plane: number): string | undefined {
    for (const [node, name] of this.#names)
      if (node.op === 'load' && node.plane === plane && node.type === 'number') return name;
    return undefined;
  }

  #plane(plane: number): string {
    return this.declare(`p${plane}`, `P[${plane}] /* ${this.layout.planes[plane].array} */`);
  }

  /** The name of a buffer between steps. */
  buffer(buffer: number): string {
    return this.declare(`s${buffer}`, `S[${buffer}]`);
  }

  #function(call: ScalarFunction): string {
    if (!this.functions.includes(call)) this.functions.push(call);
    return `f${functionId(call)}`;
  }

  /** Declares something before the loop. */
  declare(name: string, value: string): string {
    this.#head.set(name, value);
    return name;
  }

  /** Names the value of a node inside the loop. */
  define(node: Node, expression: string): string {
    const name = `v${this.#names.size}`;
    this.#names.set(node, name);
    this.line(`const ${name} = ${expression};`);
    return name;
  }

  /** Adds a line to the loop. */
  line(line: string): void {
    this.#lines.push(line);
  }

  /** The lines so far, which are then gone. */
  take(): string {
    const text = this.#lines.join('\n');
    this.#lines = [];
    return text;
  }
}

/** Puts the operands into a template. */
export function fill(template: string, operands: readonly string[]): string {
  return template.replace(/\$(\d+)/g, (_, index: string) => operands[Number(index)]);
}

/** A value as buffers and outputs hold it. */
export function stored(node: Node, name: string): string {
  return node.type === 'boolean' ? `${name} ? 1 : 0` : name;
}

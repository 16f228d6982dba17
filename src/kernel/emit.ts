import { functionId, isInvariant, type Node, type ScalarFunction } from './nodes';
import { type FoldStep, isLeaf, type Program, type RankStep, type Segment, type Step } from './schedule';

/** What the code depends on beside the program: how a plane's pixels are stored. */
export interface PlaneLayout {
  /** The constructor's name; code for one array type never sees another, which keeps it fast. */
  readonly array: string;
  readonly hasMask: boolean;
}

/** How an output is stored. */
export interface OutputLayout {
  /** Whether no-data has to be written as NaN (and not through a mask). */
  readonly writesNaN: boolean;
  readonly writesMask: boolean;
}

export interface Layout {
  readonly missing: 'nan' | 'mask';
  readonly planes: readonly PlaneLayout[];
  readonly outputs: readonly OutputLayout[];
}

/** Code of one step, and the functions of ours that it calls. */
export interface StepCode {
  readonly source: string;
  readonly functions: readonly ScalarFunction[];
}

const planesPerPass = 8;
const rankValues = 16_384;

/** Whether a plane can have no-data at all. */
export function mayMiss(layout: Layout, plane: number): boolean {
  return layout.planes[plane].hasMask || isNaNMissing(layout, plane);
}

function isNaNMissing(layout: Layout, plane: number): boolean {
  return layout.missing === 'nan' && layout.planes[plane].array.startsWith('Float');
}

/**
 * The code of a step: the body of a function of planes `P`, their masks `V`, constants `K`, block buffers `S`,
 * outputs `O`, output masks `W` and the pixel range `start` to `end`. It consists of templates of ours and of
 * numbers that count things; nothing of a user's is part of it.
 */
export function emitStep(step: Step, program: Program, layout: Layout): StepCode {
  const writer = new Writer(program, layout);
  if (step.kind === 'segment') writer.segment(step);
  else if (step.kind === 'fold') writer.fold(step);
  else writer.rank(step);
  return { source: writer.source(), functions: writer.functions };
}

class Writer {
  readonly functions: ScalarFunction[] = [];
  readonly #program: Program;
  readonly #layout: Layout;
  /** Declarations before the loop, by name. */
  readonly #head = new Map<string, string>();
  readonly #names = new Map<Node, string>();
  #lines: string[] = [];
  #body = '';

  constructor(program: Program, layout: Layout) {
    this.#program = program;
    this.#layout = layout;
  }

  source(): string {
    const head = [...this.#head].map(([name, value]) => `const ${name} = ${value};`).join('\n');
    return `'use strict';\n${head}\n${this.#body}`;
  }

  segment(step: Segment): void {
    for (const node of step.nodes) {
      const name = this.#compute(node);
      const buffer = this.#program.spills.get(node);
      if (buffer !== undefined) this.#line(`${this.#buffer(buffer)}[j] = ${stored(node, name)};`);
    }
    for (const index of step.outputs) this.#store(index);
    const body = this.#lines.join('\n');
    // A second counter costs a tenth of the time of short kernels, so it is there only for buffers.
    const loop = body.includes('[j]')
      ? 'let i = start, j = 0; i < end; i++, j++'
      : 'let i = start; i < end; i++';
    this.#body = `for (${loop}) {\n${body}\n}`;
  }

  #store(index: number): void {
    const { value, valid } = this.#program.outputs[index];
    const { writesNaN, writesMask } = this.#layout.outputs[index];
    const name = stored(value, this.#name(value));
    const out = this.#declare(`o${index}`, `O[${index}]`);
    const isValid = valid && (writesNaN || writesMask) ? this.#name(valid) : 'true';
    this.#line(`${out}[i] = ${writesNaN ? `${isValid} ? ${name} : NaN` : name};`);
    if (writesMask) this.#line(`${this.#declare(`w${index}`, `W[${index}]`)}[i] = ${isValid} ? 1 : 0;`);
  }

  fold(step: FoldStep): void {
    const { nodes } = step;
    const buffers = nodes.map((node) => this.#buffer(this.#program.spills.get(node)!));
    const table = this.#table(step);
    const extras = nodes.map((node) => node.operands.map((operand) => this.#name(operand)));
    const prepare = this.#take();
    const one = (plane: string, mask: string) => {
      const item = nodes[0].itemType === 'boolean' ? `${plane}[i] !== 0` : `${plane}[i]`;
      const steps = nodes.map((node, k) => {
        const text = node.step.replace(/\$a/g, `a${k}`).replace(/\$v/g, 'v').replace(/\$m/g, 'm');
        return `a${k} = ${fill(text, extras[k])};`;
      });
      return `{ const v = ${item}; const m = ${table.valid(plane, mask)}; ${steps.join(' ')} }`;
    };
    const pass = (first: string, width: number) => {
      const planes = Array.from({ length: width }, (_, k) => k);
      const locals = planes.map((k) => `const p${k} = T[${first} + ${k}]; const q${k} = M[${first} + ${k}];`);
      const read = nodes.map(
        (node, k) =>
          `let a${k} = ${first} === 0 ? ${node.initial} : ${buffers[k]}[j]${node.type === 'boolean' ? ' !== 0' : ''};`,
      );
      const items = planes.map((k) => one(`p${k}`, `q${k}`));
      const write = nodes.map((node, k) => `${buffers[k]}[j] = ${stored(node, `a${k}`)};`);
      const body = [prepare, ...read, ...items, ...write].join('\n');
      return `${locals.join('\n')}\nfor (let i = start, j = 0; i < end; i++, j++) {\n${body}\n}`;
    };
    // Passes of about equal width: a pass over one plane costs nearly as much as one over four.
    const count = nodes[0].planes.length;
    const width = Math.ceil(count / Math.ceil(count / planesPerPass));
    const rest = count % width;
    const whole = `for (let g = 0; g < ${count - rest}; g += ${width}) {\n${pass('g', width)}\n}`;
    this.#body = rest === 0 ? whole : `${whole}\n{\n${pass(String(count - rest), rest)}\n}`;
  }

  rank(step: RankStep): void {
    const { nodes } = step;
    const buffers = nodes.map((node) => this.#buffer(this.#program.spills.get(node)!));
    const table = this.#table(step);
    const size = Math.max(4, Math.min(64, Math.floor(rankValues / nodes[0].planes.length)));
    const count = nodes[0].planes.length;
    const probabilities = nodes.map((node) => this.#name(node.operands[0]));
    const prepare = this.#take();
    const results = nodes.map(
      (_, k) =>
        `${buffers[k]}[j] = bad[q] !== 0 ? NaN : quantileOfNumbers(sorted, q * ${count}, filled[q], ${probabilities[k]});`,
    );
    this.#body = `const sorted = new Float64Array(${size * count});
const filled = new Int32Array(${size});
const bad = new Uint8Array(${size});
for (let first = start; first < end; first += ${size}) {
const last = first + ${size} < end ? first + ${size} : end;
filled.fill(0);
bad.fill(0);
for (let k = 0; k < ${count}; k++) {
const p = T[k];
const mask = M[k];
for (let i = first, q = 0; i < last; i++, q++) {
const v = p[i];
if (${table.valid('p', 'mask')}) { if (v !== v) bad[q] = 1; sorted[q * ${count} + filled[q]++] = v; }
}
}
for (let i = first, q = 0, j = first - start; i < last; i++, j++, q++) {
${prepare}
${results.join('\n')}
}
}`;
  }

  #table(step: FoldStep | RankStep): { valid(plane: string, mask: string): string } {
    const layouts = step.nodes[0].planes.map((plane) => this.#layout.planes[plane]);
    const arrays = [...new Set(layouts.map((layout) => layout.array))].sort().join(' or ');
    this.#line(`/* ${arrays} */`);
    const hasMasks = layouts.some((layout) => layout.hasMask);
    const mayBeNaN = step.nodes[0].planes.some((plane) => isNaNMissing(this.#layout, plane));
    const isNumber = !('itemType' in step.nodes[0]) || step.nodes[0].itemType === 'number';
    return {
      valid: (plane, mask) => {
        const isSet = `${mask}[i] !== 0`;
        if (!mayBeNaN) return hasMasks ? isSet : 'true';
        const isNumeric = isNumber ? 'v === v' : `${plane}[i] === ${plane}[i]`;
        return hasMasks ? `${isSet} && ${isNumeric}` : isNumeric;
      },
    };
  }

  #compute(node: Node): string {
    if (node.op !== 'quantile') return this.#define(node, this.#expression(node));
    return this.#gather(
      node,
      node.operands.map((operand) => this.#name(operand)),
    );
  }

  #expression(node: Node): string {
    const operands = node.operands.map((operand) => this.#name(operand));
    if (node.op === 'call') return `${this.#function(node.call)}(${operands.join(', ')})`;
    if (node.op === 'code') return fill(node.code, operands);
    throw new TypeError(`A ${node.op} is no expression`);
  }

  #gather(node: Node, [probability, ...items]: readonly string[]): string {
    const buffer = this.#declare(`b${node.id}`, `new Float64Array(${items.length / 2})`);
    this.#line(`let n${node.id} = 0;`);
    for (let k = 0; k < items.length; k += 2)
      this.#line(`if (${items[k + 1]}) ${buffer}[n${node.id}++] = ${items[k]};`);
    return this.#define(node, `quantile(${buffer}, n${node.id}, ${probability})`);
  }

  /** The expression for a node's value inside the loop. */
  #name(node: Node): string {
    const known = this.#names.get(node);
    if (known) return known;
    if (isInvariant(node) && node.operands.length > 0) {
      const name = this.#declare(`c${node.id}`, this.#expression(node));
      this.#names.set(node, name);
      return name;
    }
    switch (node.op) {
      case 'constant': {
        const name = this.#declare(`k${node.slot}`, `K[${node.slot}]`);
        this.#names.set(node, name);
        return name;
      }
      case 'load': {
        const plane = this.#plane(node.plane);
        return this.#define(node, node.type === 'boolean' ? `${plane}[i] !== 0` : `${plane}[i]`);
      }
      case 'valid':
        return this.#define(node, this.#valid(node.plane));
      default: {
        const buffer = this.#program.spills.get(node);
        if (buffer === undefined && isLeaf(node))
          return this.#define(node, fill((node as { code: string }).code, []));
        if (buffer === undefined) throw new TypeError('A value is read before it is computed');
        return this.#define(node, `${this.#buffer(buffer)}[j]${node.type === 'boolean' ? ' !== 0' : ''}`);
      }
    }
  }

  #valid(plane: number): string {
    const facts: string[] = [];
    if (this.#layout.planes[plane].hasMask)
      facts.push(`${this.#declare(`m${plane}`, `V[${plane}]`)}[i] !== 0`);
    if (isNaNMissing(this.#layout, plane)) {
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
    return this.#declare(`p${plane}`, `P[${plane}] /* ${this.#layout.planes[plane].array} */`);
  }

  #buffer(buffer: number): string {
    return this.#declare(`s${buffer}`, `S[${buffer}]`);
  }

  #function(call: ScalarFunction): string {
    if (!this.functions.includes(call)) this.functions.push(call);
    return `f${functionId(call)}`;
  }

  #declare(name: string, value: string): string {
    this.#head.set(name, value);
    return name;
  }

  #define(node: Node, expression: string): string {
    const name = `v${this.#names.size}`;
    this.#names.set(node, name);
    this.#line(`const ${name} = ${expression};`);
    return name;
  }

  #line(line: string): void {
    this.#lines.push(line);
  }

  #take(): string {
    const text = this.#lines.join('\n');
    this.#lines = [];
    return text;
  }
}

function fill(template: string, operands: readonly string[]): string {
  return template.replace(/\$(\d+)/g, (_, index: string) => operands[Number(index)]);
}

function stored(node: Node, name: string): string {
  return node.type === 'boolean' ? `${name} ? 1 : 0` : name;
}

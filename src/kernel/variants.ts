import type { DataType, NumericArray } from '../raster/cube';
import { BoundValues } from './bound-values';
import type { StepFunction } from './compile';
import { type Layout, mayMiss, type OutputLayout } from './emit/layout';
import { exactNodes } from './exact';
import type { Node } from './nodes';
import { type Kernel, type Scalar, scalarOf } from './operands';
import { arrayName, usedPlanes } from './planes';
import { singleNodes } from './precision';
import { type Output, type Program, schedule } from './schedule';
import type { Trace } from './trace';
import type { Vectors } from './vectors';

/** What keeps numbers that are float32, and the types of cubes whose values they are. */
const singleArrays = new Set(
  'Float32Array Uint8Array Uint8ClampedArray Int8Array Uint16Array Int16Array'.split(' '),
);
const singleTypes = new Set<DataType | undefined>(['float32', 'uint8', 'int8', 'uint16', 'int16']);

/** A program for planes that are kept in one way. */
export interface Compiled {
  readonly program: Program;
  readonly layout: Layout;
  readonly bound: BoundValues;
  /** Steps as JavaScript, made when they are needed. */
  readonly steps: (StepFunction | undefined)[];
  /** Null where there is no vector code; undefined before it was asked for. */
  vectors: Vectors | null | undefined;
}

export interface Form {
  /** Whether numbers of the outputs are from 0 to 255 and never missing, and kept as bytes. NaN becomes 0. */
  readonly bytes?: boolean;
  /** What is made of the numbers before they are kept, for a single output. */
  readonly step?: Kernel;
}

/** The programs of a traced callback, by how the planes that it reads are kept. */
export class Variants {
  /** The planes that the result depends on. */
  readonly used: readonly number[];
  /** How many nodes are the callback's; those of the step come after them. */
  readonly #traced: number;
  readonly #compiled = new Map<string, Compiled>();

  constructor(
    readonly trace: Trace,
    readonly outputs: readonly Scalar[],
    readonly form: Form,
  ) {
    this.#traced = trace.builder.table.nodes.length;
    this.used = usedPlanes(this.#schedule(outputs));
  }

  of(planes: readonly NumericArray[], masks: readonly (Uint8Array | undefined)[]): Compiled {
    const signature = this.used
      .map((index) => `${arrayName(planes[index])}${masks[index] ? '+' : ''}`)
      .join();
    let compiled = this.#compiled.get(signature);
    if (!compiled) {
      compiled = this.#compile(planes, masks);
      this.#compiled.set(signature, compiled);
    }
    return compiled;
  }

  #compile(planes: readonly NumericArray[], masks: readonly (Uint8Array | undefined)[]): Compiled {
    const { builder } = this.trace;
    const layout: Layout = {
      missing: builder.missing,
      planes: planes.map((plane, index) => ({
        array: arrayName(plane),
        hasMask: masks[index] !== undefined,
      })),
      outputs: [],
      singles: new Set(),
    };
    const outputs = this.form.step ? [this.#stepped(this.form.step, layout)] : this.outputs;
    const { table } = builder;
    const nodes = table.nodes.slice(0, this.#traced);
    const bound = new BoundValues(Float64Array.from(table.constants));
    const constantOf = (node: Node) => bound.value(node);
    const complete: Layout = {
      ...layout,
      outputs: outputs.map((output) => this.#writes(output, layout)),
      singles: this.#isSingle(layout)
        ? singleNodes(
            nodes,
            constantOf,
            exactNodes(nodes, constantOf, (plane) => layout.planes[plane]?.array ?? ''),
          )
        : layout.singles,
    };
    const program = this.#schedule(outputs, complete.outputs);
    const steps = program.steps.map(() => undefined);
    return { program, layout: complete, bound, steps, vectors: undefined };
  }

  /** What the step makes of the callback's numbers, which are rounded as their plane would round them. */
  #stepped(step: Kernel, layout: Layout): Scalar {
    const { builder } = this.trace;
    const [output] = this.outputs;
    const isRounded = this.#arrayOf(output, layout) === 'Float32Array';
    const x: Scalar = {
      ...output,
      node: isRounded ? builder.node('Math.fround($0)', 'number', [output.node]) : output.node,
      isNaNWhenInvalid: isNaNByItself(output, layout),
    };
    return scalarOf(step(new Map([['x', x]]), builder));
  }

  /** Whether all that is read is float32, and so is what is made of it. */
  #isSingle({ planes }: Layout): boolean {
    return this.used.every(
      (index) => singleTypes.has(this.trace.planes[index].dataType) && singleArrays.has(planes[index].array),
    );
  }

  /** The work for these outputs; validities that nothing writes are left out. */
  #schedule(outputs: readonly Scalar[], layouts?: readonly OutputLayout[]): Program {
    return schedule(
      outputs.map(({ node, valid }, index): Output => {
        const isWritten = !layouts || layouts[index].writesNaN || layouts[index].writesMask;
        return {
          value: node,
          valid: isWritten && valid.length > 0 ? this.trace.builder.isValid(valid) : undefined,
        };
      }),
    );
  }

  #writes(output: Scalar, layout: Layout): OutputLayout {
    const { type, valid } = output;
    if (this.form.bytes) return { array: 'Uint8Array', writesNaN: false, writesMask: false };
    const mayBeMissing = valid.some((fact) => fact.op !== 'valid' || mayMiss(layout, fact.plane));
    const usesNaN = layout.missing === 'nan' && type === 'number';
    return {
      array: this.#arrayOf(output, layout),
      writesNaN: usesNaN && mayBeMissing && !isNaNByItself(output, layout),
      writesMask: !usesNaN && mayBeMissing,
    };
  }

  /** Planes that are only handed through keep their type where that can tell no-data. */
  #arrayOf({ type, node }: Scalar, layout: Layout): string {
    if (type === 'boolean') return 'Uint8Array';
    if (node.op === 'load' && layout.missing === 'mask') return layout.planes[node.plane].array;
    const isSingle =
      this.used.length > 0 &&
      (this.#isSingle(layout) || this.used.every((index) => layout.planes[index].array === 'Float32Array'));
    return isSingle ? 'Float32Array' : 'Float64Array';
  }
}

/** Masks beside planes of the `nan` form say nothing about the values below them. */
function isNaNByItself({ valid, isNaNWhenInvalid }: Scalar, layout: Layout): boolean {
  return isNaNWhenInvalid && valid.length > 0 && !layout.planes.some((plane) => plane?.hasMask);
}

import type { DataType, NumericArray } from '../raster/cube';
import { BoundValues } from './bound-values';
import type { Builder } from './builder';
import { compileStep, type StepFunction } from './compile';
import { type Layout, mayMiss, type OutputLayout } from './emit/layout';
import { emitStep } from './emit/step';
import type { Node } from './nodes';
import type { Scalar } from './operands';
import { inBlocks } from './pace';
import { arrayName, tableOf, usedPlanes } from './planes';
import { singleNodes } from './precision';
import { type Output, type Program, schedule } from './schedule';
import type { PlaneSource, Trace } from './trace';
import type { Planes } from './types';
import { type PixelArrays, VectorBlock } from './vector-block';
import { compileVectors, createArray, type Vectors } from './vectors';

/**
 * Pixels per call of compiled code. Small, because V8 optimises functions that are called often at once, but can stay
 * with slow code for hundreds of runs when a few calls loop for long; and so that aborts are seen.
 */
const blockSize = 4096;
/** The same where values wait in buffers between steps. */
const bufferedBlockSize = 2048;

/** What keeps numbers that are float32, and the types of cubes whose values they are. */
const singleArrays = new Set(
  'Float32Array Uint8Array Uint8ClampedArray Int8Array Uint16Array Int16Array'.split(' '),
);
const singleTypes = new Set<DataType | undefined>(['float32', 'uint8', 'int8', 'uint16', 'int16']);

/** Fewer pixels than this are computed sooner than vector code for them is made. */
const minVectorPixels = 1024;

interface Compiled {
  readonly program: Program;
  readonly layout: Layout;
  readonly bound: BoundValues;
  /** Steps as JavaScript, made when they are needed. */
  readonly steps: (StepFunction | undefined)[];
  /** Null where there is no vector code; undefined before it was asked for. */
  vectors: Vectors | null | undefined;
}

interface Work {
  /** Pixels per block. */
  readonly size: number;
  readonly run: (start: number, end: number) => void;
}

/** A traced callback, ready to run on planes. */
export class FusedProgram {
  /** The planes that the result depends on. */
  readonly used: readonly number[];
  readonly #builder: Builder;
  readonly #constants: Float64Array;
  readonly #missing: 'nan' | 'mask';
  readonly #planes: readonly PlaneSource[];
  readonly #outputs: readonly Scalar[];
  readonly #variants = new Map<string, Compiled>();

  /** @param bytes whether numbers of the outputs are whole, from 0 to 255 and never missing, and kept as bytes. */
  constructor(
    trace: Trace,
    outputs: readonly Scalar[],
    readonly bytes: boolean,
  ) {
    const { builder } = trace;
    this.#outputs = outputs;
    this.#planes = trace.planes;
    this.#missing = builder.missing;
    this.#builder = builder;
    this.#constants = Float64Array.from(builder.table.constants);
    this.used = usedPlanes(this.#schedule());
  }

  /** Undefined when a plane is no typed array: the general path takes those. */
  run(
    inputs: ReadonlyMap<string, Planes>,
    count: number,
    signal: AbortSignal,
  ): Planes | Promise<Planes> | undefined {
    const planes: NumericArray[] = [];
    const masks: (Uint8Array | undefined)[] = [];
    for (const index of this.used) {
      const { parameter, element } = this.#planes[index];
      const input = inputs.get(parameter);
      const data = input?.data[element];
      if (!input || !data) throw new TypeError(`Plane ${element} of ${parameter} is missing`);
      if (Array.isArray(data)) return undefined;
      if (data.length < count) throw new TypeError(`Plane ${element} of ${parameter} has too few pixels`);
      planes[index] = data;
      masks[index] = input.valid?.[element];
    }
    const handed = this.bytes ? undefined : this.#handThrough(planes, masks, count);
    if (handed) return handed;
    const compiled = this.#compile(planes, masks);
    const { layout } = compiled;
    const outputs = layout.outputs.map(({ array }) => createArray(array, count));
    const outputMasks = layout.outputs.map(({ writesMask }) =>
      writesMask ? new Uint8Array(count) : undefined,
    );
    const work = this.#work(compiled, { planes, masks, outputs, outputMasks }, count);
    const done = inBlocks(count, work.size, signal, work.run);
    const result: Planes = outputMasks.some(Boolean)
      ? { data: outputs, valid: outputMasks }
      : { data: outputs };
    return done ? done.then(() => result) : result;
  }

  /** What is done with each block of pixels, and how large blocks are. */
  #work(compiled: Compiled, arrays: PixelArrays, count: number): Work {
    const { program, layout, steps } = compiled;
    if (compiled.vectors === undefined && count >= minVectorPixels)
      compiled.vectors = compileVectors(program, layout, compiled.bound) ?? null;
    const vectors = count >= minVectorPixels ? compiled.vectors : undefined;
    const block = vectors && new VectorBlock(vectors, program, layout, arrays);
    const size = vectors?.regions.capacity ?? (steps.length > 1 ? bufferedBlockSize : blockSize);
    const buffers =
      block?.buffers ??
      program.buffers.map((type) => (type === 'number' ? new Float64Array(size) : new Uint8Array(size)));
    const { planes, masks, outputs, outputMasks } = arrays;
    const calls = program.steps.map((step, index): Work['run'] => {
      const vectorStep = vectors?.functions[index];
      if (vectorStep) return (start, end) => vectorStep(end - start);
      steps[index] ??= compileStep(emitStep(step, program, layout));
      const run = steps[index];
      const table = step.kind === 'segment' ? [] : step.nodes[0].planes;
      const { planes: rows, masks: rowMasks } = tableOf(table, planes, masks, count);
      return (start, end) =>
        run(planes, masks, this.#constants, buffers, outputs, outputMasks, rows, rowMasks, start, end);
    });
    return {
      size,
      run: (start, end) => {
        block?.enter(start, end);
        for (const call of calls) call(start, end);
        block?.leave(start, end);
      },
    };
  }

  /** Results that are planes as they came, such as the first of one date, cost nothing: blocks are never changed. */
  #handThrough(
    planes: readonly NumericArray[],
    masks: readonly (Uint8Array | undefined)[],
    count: number,
  ): Planes | undefined {
    const taken: number[] = [];
    for (const { type, node, valid } of this.#outputs) {
      if (type !== 'number' || node.op !== 'load') return undefined;
      const isOwn = valid.every((fact) => fact.op === 'valid' && fact.plane === node.plane);
      const plane = planes[node.plane];
      const isStored = plane instanceof Float32Array || plane instanceof Float64Array;
      if (!isOwn || (this.#missing === 'nan' && (!isStored || masks[node.plane]))) return undefined;
      taken.push(node.plane);
    }
    if (taken.length === 0 || new Set(taken.map((index) => planes[index].constructor)).size > 1)
      return undefined;
    const data = taken.map((index) => planes[index].subarray(0, count));
    const valid = taken.map((index) => masks[index]?.subarray(0, count));
    return valid.some(Boolean) ? { data, valid } : { data };
  }

  #compile(planes: readonly NumericArray[], masks: readonly (Uint8Array | undefined)[]): Compiled {
    const signature = this.used
      .map((index) => `${arrayName(planes[index])}${masks[index] ? '+' : ''}`)
      .join();
    const known = this.#variants.get(signature);
    if (known) return known;
    const layout: Layout = {
      missing: this.#missing,
      planes: planes.map((plane, index) => ({
        array: arrayName(plane),
        hasMask: masks[index] !== undefined,
      })),
      outputs: [],
      singles: new Set(),
    };
    const bound = new BoundValues(this.#constants);
    const complete: Layout = {
      ...layout,
      outputs: this.#outputs.map((output) => this.#writes(output, layout)),
      singles: this.#isSingle(layout)
        ? singleNodes(this.#builder.table.nodes, (node) => bound.value(node))
        : layout.singles,
    };
    const program = this.#schedule(complete.outputs);
    const steps = program.steps.map(() => undefined);
    const compiled: Compiled = { program, layout: complete, bound, steps, vectors: undefined };
    this.#variants.set(signature, compiled);
    return compiled;
  }

  /** Whether all that is read is float32, and so is what is made of it. */
  #isSingle({ planes }: Layout): boolean {
    return this.used.every(
      (index) => singleTypes.has(this.#planes[index].dataType) && singleArrays.has(planes[index].array),
    );
  }

  /** The work for these outputs; validities that nothing writes are left out. */
  #schedule(layouts?: readonly OutputLayout[]): Program {
    return schedule(
      this.#outputs.map(({ node, valid }, index): Output => {
        const isWritten = !layouts || layouts[index].writesNaN || layouts[index].writesMask;
        return {
          value: node,
          valid: isWritten && valid.length > 0 ? this.#builder.isValid(valid) : undefined,
        };
      }),
    );
  }

  #writes(output: Scalar, layout: Layout): OutputLayout {
    const { type, valid, isNaNWhenInvalid } = output;
    if (this.bytes) return { array: 'Uint8Array', writesNaN: false, writesMask: false };
    const mayBeMissing = valid.some((fact) => fact.op !== 'valid' || mayMiss(layout, fact.plane));
    const usesNaN = this.#missing === 'nan' && type === 'number';
    return {
      array: this.#arrayOf(output, layout),
      writesNaN: usesNaN && mayBeMissing && !this.#isNaNByItself(valid, isNaNWhenInvalid, layout),
      writesMask: !usesNaN && mayBeMissing,
    };
  }

  /** Masks beside planes of the `nan` form say nothing about the values below them. */
  #isNaNByItself(valid: readonly Node[], isNaNWhenInvalid: boolean, layout: Layout): boolean {
    return isNaNWhenInvalid && valid.length > 0 && !layout.planes.some((plane) => plane?.hasMask);
  }

  /** Planes that are only handed through keep their type where that can tell no-data. */
  #arrayOf({ type, node }: Scalar, layout: Layout): string {
    if (type === 'boolean') return 'Uint8Array';
    if (node.op === 'load' && this.#missing === 'mask') return layout.planes[node.plane].array;
    const isSingle =
      this.used.length > 0 &&
      (this.#isSingle(layout) || this.used.every((index) => layout.planes[index].array === 'Float32Array'));
    return isSingle ? 'Float32Array' : 'Float64Array';
  }
}

import type { NumericArray } from '../raster/cube';
import { uncleared } from '../raster/recycled';
import { compileStep } from './compile';
import { emitStep } from './emit/step';
import type { Scalar } from './operands';
import { inBlocks } from './pace';
import { tableOf } from './planes';
import type { Trace } from './trace';
import type { Planes } from './types';
import { type Compiled, type Form, Variants } from './variants';
import { type PixelArrays, VectorBlock } from './vector-block';
import { compileVectors, createArray } from './vectors';

/**
 * Pixels per call of compiled code. Small, because V8 optimises functions that are called often at once, but can stay
 * with slow code for hundreds of runs when a few calls loop for long; and so that aborts are seen.
 */
const blockSize = 4096;
/** The same where values wait in buffers between steps. */
const bufferedBlockSize = 2048;

/** Fewer pixels than this are computed sooner than vector code for them is made. */
const minVectorPixels = 1024;

interface Work {
  /** Pixels per block. */
  readonly size: number;
  readonly run: (start: number, end: number) => void;
}

/** A traced callback, ready to run on planes. */
export class FusedProgram {
  readonly #variants: Variants;

  constructor(
    readonly trace: Trace,
    readonly outputs: readonly Scalar[],
    readonly form: Form = {},
  ) {
    this.#variants = new Variants(trace, outputs, form);
  }

  /** The planes that the result depends on. */
  get used(): readonly number[] {
    return this.#variants.used;
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
      const { parameter, element } = this.trace.planes[index];
      const input = inputs.get(parameter);
      const data = input?.data[element];
      if (!input || !data) throw new TypeError(`Plane ${element} of ${parameter} is missing`);
      if (Array.isArray(data)) return undefined;
      if (data.length < count) throw new TypeError(`Plane ${element} of ${parameter} has too few pixels`);
      planes[index] = data;
      masks[index] = input.valid?.[element];
    }
    const handed = this.form.bytes ? undefined : this.#handThrough(planes, masks, count);
    if (handed) return handed;
    const compiled = this.#variants.of(planes, masks);
    const { layout } = compiled;
    const outputs = layout.outputs.map(({ array }) => createArray(array, count));
    const outputMasks = layout.outputs.map(({ writesMask }) =>
      writesMask ? uncleared(Uint8Array, count) : undefined,
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
    const { program, layout, steps, bound } = compiled;
    if (compiled.vectors === undefined && count >= minVectorPixels)
      compiled.vectors = compileVectors(program, layout, bound) ?? null;
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
        run(planes, masks, bound.constants, buffers, outputs, outputMasks, rows, rowMasks, start, end);
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
    for (const { type, node, valid } of this.outputs) {
      if (type !== 'number' || node.op !== 'load') return undefined;
      const isOwn = valid.every((fact) => fact.op === 'valid' && fact.plane === node.plane);
      const plane = planes[node.plane];
      const isStored = plane instanceof Float32Array || plane instanceof Float64Array;
      if (!isOwn || (this.trace.builder.missing === 'nan' && (!isStored || masks[node.plane])))
        return undefined;
      taken.push(node.plane);
    }
    if (taken.length === 0 || new Set(taken.map((index) => planes[index].constructor)).size > 1)
      return undefined;
    const data = taken.map((index) => planes[index].subarray(0, count));
    const valid = taken.map((index) => masks[index]?.subarray(0, count));
    return valid.some(Boolean) ? { data, valid } : { data };
  }
}

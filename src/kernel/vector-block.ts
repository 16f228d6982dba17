import type { NumericArray } from '../raster/cube';
import type { Layout } from './emit/layout';
import type { Program } from './schedule';
import { regionView, type Vectors } from './vectors';

/** What steps read and write: planes and outputs of all pixels. */
export interface PixelArrays {
  readonly planes: readonly NumericArray[];
  readonly masks: readonly (Uint8Array | undefined)[];
  readonly outputs: readonly NumericArray[];
  readonly outputMasks: readonly (Uint8Array | undefined)[];
}

interface Copy {
  readonly inside: NumericArray;
  readonly outside: NumericArray | undefined;
}

/** Moves blocks of pixels into the memory of vector code and results out of it, for one run. */
export class VectorBlock {
  /** Values between steps, also for steps in JavaScript. */
  readonly buffers: readonly (Float64Array | Uint8Array)[];
  readonly #constants: NumericArray;
  readonly #vectors: Vectors;
  readonly #in: readonly Copy[];
  readonly #out: readonly Copy[];

  constructor(vectors: Vectors, program: Program, layout: Layout, arrays: PixelArrays) {
    const { regions, functions, constants } = vectors;
    const view = (array: string, offset: number) => regionView(array, offset, regions.capacity);
    this.#vectors = vectors;
    this.#constants = regionView('Float64Array', regions.constants, constants.length);
    this.buffers = program.buffers.map((type, index) =>
      type === 'number'
        ? (view('Float64Array', regions.buffers[index]) as Float64Array)
        : (view('Uint8Array', regions.buffers[index]) as Uint8Array),
    );
    this.#in = regions.copies.map(({ kind, plane, offset }) =>
      kind === 'plane'
        ? { inside: view(layout.planes[plane].array, offset), outside: arrays.planes[plane] }
        : { inside: view('Uint8Array', offset), outside: arrays.masks[plane] },
    );
    this.#out = program.steps.flatMap((step, position) =>
      step.kind !== 'segment' || !functions[position]
        ? []
        : step.outputs.flatMap((index): Copy[] => {
            const { array, writesMask } = layout.outputs[index];
            const values = { inside: view(array, regions.outputs[index]), outside: arrays.outputs[index] };
            if (!writesMask) return [values];
            const mask = view('Uint8Array', regions.outputMasks[index]);
            return [values, { inside: mask, outside: arrays.outputMasks[index] }];
          }),
    );
  }

  /** Before the steps of a block. */
  enter(start: number, end: number): void {
    this.#constants.set(this.#vectors.constants);
    for (const { inside, outside } of this.#in)
      if (outside) inside.set(outside.subarray(start, end));
      else inside.fill(1);
  }

  /** After the steps of a block. */
  leave(start: number, end: number): void {
    const isWhole = end - start === this.#vectors.regions.capacity;
    for (const { inside, outside } of this.#out)
      outside?.set(isWhole ? inside : inside.subarray(0, end - start), start);
  }
}

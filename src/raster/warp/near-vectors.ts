import { lazyKernels, reserveMemory, type WasmMemory } from '../../base/wasm/engine';
import type { RowPath } from './cell';
import { nearModule } from './near-module';
import type { Patch } from './patch';

type Take = (index: number, data: number, least: number, to: number, groups: number, nodata: number) => void;

interface Exports {
  readonly memory: WasmMemory;
  readonly row: (...parameters: number[]) => void;
  readonly take8: Take;
  readonly take16: Take;
  readonly takeSigned16: Take;
  readonly takeFloat: Take;
}

/** Output pixels, and bytes of source pixels, for which there is memory. */
const maxPixels = 1 << 20;
const maxSourceBytes = 8 * 1024 * 1024;
/** Where the indices begin: below are the least and greatest ones. */
const indexAt = 64;

const load = lazyKernels<Exports>(nearModule);

/** Indices of source pixels, in the thread's memory for them, and what takes the pixels. */
export class NearVectors {
  readonly #exports: Exports;
  readonly #groups: number;

  private constructor(
    exports: Exports,
    readonly count: number,
  ) {
    this.#exports = exports;
    this.#groups = Math.ceil(count / 4);
    reserveMemory(exports.memory, indexAt + this.#groups * 16);
    const { buffer } = exports.memory;
    new Int32Array(buffer, 0, 4).fill(-1);
    new Int32Array(buffer, 16, 4).fill(-1);
    new Int32Array(buffer, indexAt + count * 4, this.#groups * 4 - count).fill(-1);
  }

  /** Undefined for too many pixels, and where the machine has no vectors. */
  static open(count: number): NearVectors | undefined {
    const found = count > 0 && count <= maxPixels ? load() : undefined;
    return found ? new NearVectors(found, count) : undefined;
  }

  /** The indices. They stay until the next ones are made. */
  get indices(): Int32Array {
    return new Int32Array(this.#exports.memory.buffer, indexAt, this.count);
  }

  /**
   * Writes the indices of an output row's pixels from position `to` on, at least four.
   * @param t the first one's position on the path
   */
  row(
    { ax, bx, cx, ay, by, cy }: RowPath,
    t: number,
    { width, height, stride }: Pick<Patch, 'width' | 'height' | 'stride'>,
    to: number,
    count: number,
  ): void {
    const { row } = this.#exports;
    const write = (first: number, groups: number) =>
      row(ax, bx, cx, ay, by, cy, t + first, width, height, stride, indexAt + (to + first) * 4, groups);
    write(0, count >> 2);
    // The last four once more, so that nothing beyond is written.
    if (count & 3) write(count - 4, 1);
  }

  /** Counts indices that were written by others among the least and greatest ones. */
  noteRange(indices: Int32Array): void {
    const { buffer } = this.#exports.memory;
    const least = new Uint32Array(buffer, 0, 1);
    const most = new Int32Array(buffer, 16, 1);
    for (const index of indices) {
      least[0] = Math.min(least[0], index >>> 0);
      most[0] = Math.max(most[0], index);
    }
  }

  /** Takes the pixels that the indices name. @returns whether it can */
  take({ data }: Patch, nodata: number, out: Float32Array): boolean {
    const { memory } = this.#exports;
    const take = this.#takeOf(data);
    if (!take) return false;
    const least = Math.min(...new Uint32Array(memory.buffer, 0, 4));
    const most = Math.max(...new Int32Array(memory.buffer, 16, 4));
    if (most < 0) return true;
    const size = data.BYTES_PER_ELEMENT;
    if ((most + 1 - least) * size > maxSourceBytes) return false;
    const outAt = indexAt + this.#groups * 16;
    const dataAt = outAt + this.#groups * 16;
    reserveMemory(memory, dataAt + (most + 1 - least) * size);
    const bytes = new Uint8Array(data.buffer, data.byteOffset + least * size, (most + 1 - least) * size);
    new Uint8Array(memory.buffer).set(bytes, dataAt);
    const isSingle = Object.is(Math.fround(nodata), nodata);
    take(indexAt, dataAt - least * size, least, outAt, this.#groups, isSingle ? nodata : Number.NaN);
    out.set(new Float32Array(memory.buffer, outAt, this.count));
    return true;
  }

  #takeOf(data: Patch['data']): Take | undefined {
    const { take8, take16, takeSigned16, takeFloat } = this.#exports;
    if (data instanceof Uint16Array) return take16;
    if (data instanceof Uint8Array) return take8;
    if (data instanceof Int16Array) return takeSigned16;
    return data instanceof Float32Array ? takeFloat : undefined;
  }
}

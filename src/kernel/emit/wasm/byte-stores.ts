import { control, convert, v128 } from '../../../base/wasm/instructions';
import type { Code } from './code';
import { asDouble, asMask, asSingle, type Lane, lowHalves, type Sixteen } from './lanes';

/** Writes what stores numbers from 0 to 255 without their fractions (NaN as 0), or truth values as 0 and 1, as bytes. */
export class ByteStores {
  /** The quarters of a group so far, by address: vectors, or truth values of the whole group. */
  readonly #open = new Map<number, (number | Sixteen)[]>();

  constructor(readonly code: Code) {}

  /** Four pixels. */
  four(lane: Lane, offset: number, pointer: number): void {
    const { code } = this;
    const vector = this.#vector(lane);
    const shorts = this.#made(convert.narrowToShorts, vector, vector);
    const bytes = this.#bytes(shorts, shorts, lane.type === 'boolean');
    code.push('loop', control.get(pointer), control.get(bytes), v128.store32(offset));
  }

  /** The next four of sixteen pixels, which are stored with the last of them. */
  quarter(lane: Lane, offset: number, pointer: number): void {
    const { code } = this;
    const parts = this.#open.get(offset) ?? [];
    this.#open.set(offset, parts);
    parts.push(lane.sixteen ?? this.#vector(lane));
    if (parts.length < 4) return;
    this.#open.delete(offset);
    const bytes = this.#joined(parts, lane.type === 'boolean');
    code.push('loop', control.get(pointer), control.get(bytes), v128.store(offset));
  }

  #joined(parts: readonly (number | Sixteen)[], isTruth: boolean): number {
    const [first] = parts;
    if (typeof first !== 'number') return this.#made(v128.and, first.bytes, this.#ones());
    const [a, b, c, d] = parts as readonly number[];
    return this.#bytes(
      this.#made(convert.narrowToShorts, a, b),
      this.#made(convert.narrowToShorts, c, d),
      isTruth,
    );
  }

  #bytes(low: number, high: number, isTruth: boolean): number {
    if (!isTruth) return this.#made(convert.narrowToBytes, low, high);
    return this.#made(v128.and, this.#made(convert.narrowToSignedBytes, low, high), this.#ones());
  }

  /** Four masks or whole numbers, in 32 bits each. */
  #vector(lane: Lane): number {
    const { code } = this;
    if (lane.type === 'boolean') return asMask(code, lane);
    if (lane.native === 'single') return this.#made(convert.wholeFromSingle, asSingle(code, lane));
    const [low, high] = asDouble(code, lane).map((half) => this.#made(convert.wholeFromDouble, half));
    return this.#made(v128.shuffle(lowHalves), low, high);
  }

  #ones(): number {
    return this.code.literal(new Uint8Array(16).fill(1));
  }

  #made(instruction: readonly number[], ...operands: readonly number[]): number {
    return this.code.vector('loop', instruction, ...operands);
  }
}

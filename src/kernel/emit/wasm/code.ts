import { unsigned, valueTypes, vector } from '../../../base/wasm/encode';
import { control, i32, v128 } from '../../../base/wasm/instructions';

/** Where code goes: before the loop over pixels, once a call, or into it. */
export type Place = 'head' | 'loop';

/** Thrown at what has no vectors; the step is then compiled to JavaScript. */
export class NoVectors extends Error {}

/** V8 refuses functions of more than 50,000 variables, and takes its time for fewer. */
const maxLocals = 20_000;

/** The body of a function while it is written. Its only parameter, local 0, is the number of pixels. */
export class Code {
  readonly #types: number[] = [];
  readonly #code: Record<Place, number[]> = { head: [], loop: [] };
  readonly #literals = new Map<string, number>();

  /** @throws NoVectors when there are too many. */
  local(type: keyof typeof valueTypes): number {
    if (this.#types.length >= maxLocals) throw new NoVectors();
    return this.#types.push(valueTypes[type]);
  }

  push(place: Place, ...parts: (readonly number[])[]): void {
    const code = this.#code[place];
    for (const part of parts) for (const byte of part) code.push(byte);
  }

  /** A new vector: what an instruction makes of others. */
  vector(place: Place, instruction: readonly number[], ...operands: readonly number[]): number {
    const result = this.local('v128');
    for (const operand of operands) this.push(place, control.get(operand));
    this.push(place, instruction, control.set(result));
    return result;
  }

  /** A new vector from a fixed address. */
  vectorAt(place: Place, load: readonly number[]): number {
    const result = this.local('v128');
    this.push(place, i32.constant(0), load, control.set(result));
    return result;
  }

  /** A vector that does not change. Made before the loop: V8 makes them anew at every use. */
  literal(numbers: Float32Array | Float64Array | Int32Array | Uint8Array): number {
    const bytes = new Uint8Array(numbers.buffer);
    const key = bytes.join();
    const known = this.#literals.get(key);
    if (known !== undefined) return known;
    const made = this.vector('head', v128.constant(bytes));
    this.#literals.set(key, made);
    return made;
  }

  /** The function as the code section has it. */
  finish(): number[] {
    const locals = vector(this.#types.map((type) => [1, type]));
    const { head, loop } = this.#code;
    const size = locals.length + head.length + loop.length + control.end.length;
    return unsigned(size).concat(locals, head, loop, control.end);
  }
}

import { control, convert, f64x2, i32, i32x4, v128 } from '../../../base/wasm-instructions';
import type { BoundValues } from '../../bound-values';
import { isInvariant, type Node } from '../../nodes';
import { isLeaf, type Program } from '../../schedule';
import { parseTemplate } from '../expression';
import { isNaNMissing, type Layout } from '../layout';
import { Code, NoVectors } from './code';
import {
  asDouble,
  asMask,
  asSingle,
  doubleLane,
  type Lane,
  lowHalves,
  maskLane,
  singleLane,
  wideLane,
} from './lanes';
import { isExact, Lowering } from './lower';
import type { Regions } from './regions';

/** Pixels that are computed at once. */
export const groupSize = 4;

const twice = (vector: number): readonly [number, number] => [vector, vector];

/** Loads, computes and stores the values of a group of pixels, for one step. */
export class StepWriter {
  readonly code = new Code();
  readonly lowering: Lowering;
  readonly #single: Lowering;
  readonly #lanes = new Map<Node, Lane>();
  readonly #pointers = new Map<number, number>();

  constructor(
    readonly program: Program,
    readonly layout: Layout,
    readonly regions: Regions,
    readonly bound: BoundValues,
  ) {
    this.lowering = new Lowering(this.code, 'double');
    this.#single = new Lowering(this.code, 'single');
    this.code.push('loop', control.loop);
  }

  /** The local with the address, within a region, of the group for pixels of so many bytes. */
  pointer(bytes: number): number {
    let pointer = this.#pointers.get(bytes);
    if (pointer === undefined) {
      pointer = this.code.local('i32');
      this.#pointers.set(bytes, pointer);
    }
    return pointer;
  }

  /** The function as the code section has it: the loop is closed. */
  finish(): number[] {
    const { code } = this;
    const counter = this.pointer(1);
    for (const [bytes, pointer] of this.#pointers)
      code.push('loop', control.get(pointer), i32.constant(bytes * groupSize), i32.add, control.set(pointer));
    code.push('loop', control.get(counter), control.get(0), i32.isLessUnsigned, control.branchIf(0));
    code.push('loop', control.end);
    return code.finish();
  }

  /** A node's value. @throws NoVectors */
  lane(node: Node): Lane {
    let lane = this.#lanes.get(node);
    if (!lane) {
      lane = this.#make(node);
      this.#lanes.set(node, lane);
    }
    return lane;
  }

  #make(node: Node): Lane {
    if (isInvariant(node)) return this.#boundLane(node);
    if (node.op === 'load') return this.#loaded(node.plane, node.type === 'boolean');
    if (node.op === 'valid') return this.#valid(node.plane);
    const buffer = this.program.spills.get(node);
    if (buffer === undefined && isLeaf(node)) return this.compute(node);
    if (buffer === undefined) throw new TypeError('A value is read before it is computed');
    const offset = this.regions.buffers[buffer];
    return node.type === 'number' ? this.load('Float64Array', offset) : this.#truth('Uint8Array', offset);
  }

  /** Computes a node of this step from its operands. @throws NoVectors */
  compute(node: Node): Lane {
    const template = node.op === 'code' ? parseTemplate(node.code) : undefined;
    if (!template) throw new NoVectors();
    const lowering = this.layout.singles.has(node) ? this.#single : this.lowering;
    const lane = lowering.expression(template, (name) => this.lane(node.operands[Number(name)]));
    if (lane.type !== node.type) throw new NoVectors();
    return this.define(node, lane);
  }

  /** Says what a node's value is. */
  define(node: Node, lane: Lane): Lane {
    this.#lanes.set(node, lane);
    return lane;
  }

  /** The four numbers at an address. */
  load(array: string, offset: number, pointer?: number): Lane {
    const at = (bytes: number) => pointer ?? this.pointer(bytes);
    switch (array) {
      case 'Float32Array':
        return singleLane(this.#made(v128.load(offset), at(4)));
      case 'Float64Array':
        return doubleLane(this.#made(v128.load(offset), at(8)), this.#made(v128.load(offset + 16), at(8)));
      case 'Uint16Array':
        return singleLane(
          this.#made(convert.singleFromSigned, this.#made(v128.load16x4Unsigned(offset), at(2))),
        );
      case 'Int16Array':
        return singleLane(
          this.#made(convert.singleFromSigned, this.#made(v128.load16x4Signed(offset), at(2))),
        );
      case 'Int8Array':
        return singleLane(this.#made(convert.singleFromSigned, this.#bytes(offset, at(1), true)));
      case 'Uint8Array':
      case 'Uint8ClampedArray':
        return singleLane(this.#made(convert.singleFromSigned, this.#bytes(offset, at(1), false)));
      case 'Int32Array':
      case 'Uint32Array': {
        const four = this.#made(v128.load(offset), at(4));
        const upper = this.#made(
          v128.shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]),
          four,
          four,
        );
        const widen = array === 'Int32Array' ? convert.doubleFromLowSigned : convert.doubleFromLowUnsigned;
        return doubleLane(this.#made(widen, four), this.#made(widen, upper));
      }
      default:
        throw new NoVectors();
    }
  }

  /** Whether four masks are set. */
  maskAt(offset: number, pointer = this.pointer(1)): Lane {
    const four = this.#bytes(offset, pointer, false);
    const zero = this.code.literal(new Int32Array(4));
    return maskLane(this.code.vector('loop', i32x4.isLess, zero, four));
  }

  store(array: string, offset: number, lane: Lane): void {
    const { code } = this;
    if (array === 'Float32Array') {
      code.push('loop', control.get(this.pointer(4)), control.get(asSingle(code, lane)), v128.store(offset));
    } else if (array === 'Float64Array') {
      asDouble(code, lane).forEach((half, k) => {
        code.push('loop', control.get(this.pointer(8)), control.get(half), v128.store(offset + 16 * k));
      });
    } else if (array === 'Uint8Array') {
      const shorts = this.#made(convert.narrowToShorts, ...twice(this.#wholes(lane)));
      const bytes = this.#made(convert.narrowToBytes, ...twice(shorts));
      code.push('loop', control.get(this.pointer(1)), control.get(bytes), v128.store32(offset));
    } else throw new NoVectors();
  }

  /** Four numbers from 0 to 255 without their fractions (NaN: none above 0), or four truth values as 0 and 1, in 32 bits each. */
  #wholes(lane: Lane): number {
    const { code } = this;
    if (lane.type === 'boolean')
      return this.#made(v128.and, asMask(code, lane), code.literal(new Int32Array(4).fill(1)));
    if (lane.native === 'single') return this.#made(convert.wholeFromSingle, asSingle(code, lane));
    const [low, high] = asDouble(code, lane).map((half) => this.#made(convert.wholeFromDouble, half));
    return this.#made(v128.shuffle(lowHalves), low, high);
  }

  #made(instruction: readonly number[], ...operands: readonly number[]): number {
    return this.code.vector('loop', instruction, ...operands);
  }

  #loaded(plane: number, isBoolean: boolean): Lane {
    const { array } = this.layout.planes[plane];
    const offset = this.regions.planes.get(plane) as number;
    return isBoolean ? this.#truth(array, offset) : this.load(array, offset);
  }

  #truth(array: string, offset: number): Lane {
    if (array === 'Uint8Array') return this.maskAt(offset);
    return this.lowering.binary('!==', this.load(array, offset), this.lowering.number(0));
  }

  #valid(plane: number): Lane {
    const { array, hasMask } = this.layout.planes[plane];
    const offset = this.regions.masks.get(plane);
    const isSet = hasMask ? this.maskAt(offset as number) : undefined;
    if (!isNaNMissing(this.layout, plane)) return isSet ?? this.lowering.truth(true);
    const pixel = this.#numberOf(plane) ?? this.load(array, this.regions.planes.get(plane) as number);
    const isNumber = this.lowering.binary('===', pixel, pixel);
    return isSet ? this.lowering.binary('&&', isSet, isNumber) : isNumber;
  }

  #numberOf(plane: number): Lane | undefined {
    for (const [node, lane] of this.#lanes)
      if (node.op === 'load' && node.plane === plane && node.type === 'number') return lane;
    return undefined;
  }

  #bytes(offset: number, pointer: number, isSigned: boolean): number {
    const four = this.code.vector('loop', v128.load32Zero(offset), pointer);
    const shorts = isSigned ? convert.widenLowBytesSigned : convert.widenLowBytesUnsigned;
    const whole = isSigned ? convert.widenLowShortsSigned : convert.widenLowShortsUnsigned;
    return this.code.vector('loop', whole, this.code.vector('loop', shorts, four));
  }

  #boundLane(node: Node): Lane {
    const { code, bound } = this;
    const offset = this.regions.constants + 8 * bound.slot(node);
    let both: number | undefined;
    const double = () => {
      both ??= code.vectorAt('head', v128.load64Splat(offset));
      return both;
    };
    if (node.type === 'boolean') {
      const zero = code.literal(new Float64Array(2));
      const mask = code.vector('head', f64x2['!=='], double(), zero);
      return wideLane(mask, mask, 'head');
    }
    const value = bound.value(node);
    return {
      type: 'number',
      native: isExact(value) ? 'single' : 'double',
      place: 'head',
      constant: {
        value,
        double,
        single: () => {
          const two = code.vector('head', convert.demote, double());
          return code.vector(
            'head',
            v128.shuffle([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]),
            two,
            two,
          );
        },
      },
    };
  }
}

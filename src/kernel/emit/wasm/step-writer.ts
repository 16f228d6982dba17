import { control, convert, f64x2, i32, v128 } from '../../../base/wasm/instructions';
import type { BoundValues } from '../../bound-values';
import { isInvariant, type Node } from '../../nodes';
import { isLeaf, type Program } from '../../schedule';
import { parseTemplate } from '../expression';
import { isNaNMissing, type Layout } from '../layout';
import { ByteStores } from './byte-stores';
import { Code, NoVectors } from './code';
import { asDouble, asSingle, type Lane, quarterLane, type Sixteen, wideLane } from './lanes';
import { fourTruths, loadFour, sixteenTruths } from './loads';
import { isExact, Lowering } from './lower';
import { bytesPerPixel, type Regions } from './regions';

/** Pixels that are computed at once. */
const groupSize = 4;

/**
 * Loads, computes and stores the values of a group of pixels, for one step: of four, or of sixteen, four after four,
 * so that bytes are loaded, combined and stored as whole vectors.
 */
export class StepWriter {
  readonly code = new Code();
  readonly lowering: Lowering;
  readonly #single: Lowering;
  /** Of the four pixels at hand. */
  #lanes = new Map<Node, Lane>();
  /** What is the same for all pixels. */
  readonly #invariants = new Map<Node, Lane>();
  /** Truth values that are there for the whole group, by node and by address. */
  readonly #sixteens = new Map<Node | number, Sixteen>();
  readonly #bytes: ByteStores;
  #quarter = 0;
  readonly #pointers = new Map<number, number>();

  constructor(
    readonly program: Program,
    readonly layout: Layout,
    readonly regions: Regions,
    readonly bound: BoundValues,
    readonly quarters: 1 | 4 = 1,
  ) {
    this.#bytes = new ByteStores(this.code);
    this.lowering = new Lowering(this.code, 'double');
    this.#single = new Lowering(this.code, 'single');
    this.code.push('loop', control.loop);
  }

  /** Turns to the next four pixels of the group. */
  begin(quarter: number): void {
    this.#quarter = quarter;
    this.#lanes = new Map();
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
      code.push(
        'loop',
        control.get(pointer),
        i32.constant(bytes * groupSize * this.quarters),
        i32.add,
        control.set(pointer),
      );
    code.push('loop', control.get(counter), control.get(0), i32.isLessUnsigned, control.branchIf(0));
    code.push('loop', control.end);
    return code.finish();
  }

  /** A node's value. @throws NoVectors */
  lane(node: Node): Lane {
    return this.#invariants.get(node) ?? this.#lanes.get(node) ?? this.define(node, this.#make(node));
  }

  #make(node: Node): Lane {
    const sixteen = this.#sixteens.get(node);
    if (sixteen) return quarterLane(sixteen, this.#quarter);
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
    const sixteen = this.#sixteens.get(node);
    if (sixteen) return this.define(node, quarterLane(sixteen, this.#quarter));
    const template = node.op === 'code' ? parseTemplate(node.code) : undefined;
    if (!template) throw new NoVectors();
    const lowering = this.layout.singles.has(node) ? this.#single : this.lowering;
    const lane = lowering.expression(template, (name) => this.lane(node.operands[Number(name)]));
    if (lane.type !== node.type) throw new NoVectors();
    return this.define(node, lane);
  }

  /** Says what a node's value is. */
  define(node: Node, lane: Lane): Lane {
    if (isInvariant(node)) this.#invariants.set(node, lane);
    else this.#lanes.set(node, lane);
    if (lane.sixteen) this.#sixteens.set(node, lane.sixteen);
    return lane;
  }

  /** The four numbers at an address. */
  load(array: string, region: number, pointer?: number): Lane {
    const offset = region + this.#quarter * groupSize * bytesPerPixel[array];
    return loadFour(this.code, array, offset, pointer ?? this.pointer(bytesPerPixel[array]));
  }

  /** Whether four masks are set. */
  maskAt(offset: number, pointer = this.pointer(1)): Lane {
    if (this.quarters > 1) return this.#maskOfGroup(offset, pointer);
    return fourTruths(this.code, offset, pointer);
  }

  store(array: string, region: number, lane: Lane): void {
    const { code } = this;
    const offset = region + this.#quarter * groupSize * bytesPerPixel[array];
    if (array === 'Float32Array') {
      code.push('loop', control.get(this.pointer(4)), control.get(asSingle(code, lane)), v128.store(offset));
    } else if (array === 'Float64Array') {
      asDouble(code, lane).forEach((half, k) => {
        code.push('loop', control.get(this.pointer(8)), control.get(half), v128.store(offset + 16 * k));
      });
    } else if (array === 'Uint8Array') {
      if (this.quarters === 1) this.#bytes.four(lane, region, this.pointer(1));
      else this.#bytes.quarter(lane, region, this.pointer(1));
    } else throw new NoVectors();
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

  #maskOfGroup(offset: number, pointer: number): Lane {
    let sixteen = this.#sixteens.get(offset);
    if (!sixteen) {
      sixteen = sixteenTruths(this.code, offset, pointer);
      this.#sixteens.set(offset, sixteen);
    }
    return quarterLane(sixteen, this.#quarter);
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

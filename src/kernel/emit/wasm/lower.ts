import { type FloatInstructions, f32x4, f64x2, v128 } from '../../../base/wasm/instructions';
import type { BinaryOperator, Expression, UnaryFunction } from '../expression';
import { type Code, NoVectors } from './code';
import {
  asDouble,
  asMask,
  asSingle,
  asWide,
  doubleLane,
  type Lane,
  maskLane,
  placeOf,
  quarterLane,
  singleLane,
  wideLane,
} from './lanes';

type Choice = Extract<Expression, { kind: 'choose' }>;
type Comparison = '===' | '!==' | '<' | '>' | '<=' | '>=';
type Arithmetic = '+' | '-' | '*' | '/';
const comparisons: readonly string[] = ['===', '!==', '<', '>', '<=', '>='];

/**
 * How a step of arithmetic is computed:
 * - `double`: as JavaScript's numbers, to the last bit;
 * - `single`: in float32, constants rounded to it; see `singleNodes`;
 * - `counting`: as `double`, but the sums of float32 are known to be float32.
 */
export type Arithmetics = 'double' | 'single' | 'counting';

/**
 * Writes what computes an expression. Values that are float32 exactly stay so as long as nothing has to be rounded.
 */
export class Lowering {
  constructor(
    readonly code: Code,
    readonly arithmetics: Arithmetics,
  ) {}

  /** @throws NoVectors */
  expression(expression: Expression, operands: (name: string) => Lane): Lane {
    const lower = (inner: Expression) => this.expression(inner, operands);
    switch (expression.kind) {
      case 'operand':
        return operands(expression.name);
      case 'number':
        return this.number(expression.value);
      case 'boolean':
        return this.truth(expression.value);
      case 'not':
        return this.#logic(v128.not, [booleanOf(lower(expression.x))]);
      case 'negate':
        return this.each('negate', lower(expression.x));
      case 'call':
        return this.#call(expression.name, lower(expression.x));
      case 'choose':
        return this.#choice(expression, operands);
      case 'binary':
        return this.binary(expression.operator, lower(expression.x), lower(expression.y));
    }
  }

  /** A literal, which is part of the code. */
  number(value: number): Lane {
    return {
      type: 'number',
      native: isExact(value) ? 'single' : 'double',
      place: 'head',
      constant: {
        value,
        single: () => this.code.literal(new Float32Array(4).fill(value)),
        double: () => this.code.literal(new Float64Array(2).fill(value)),
      },
    };
  }

  /** The same truth for all pixels. */
  truth(value: boolean): Lane {
    return maskLane(this.code.literal(new Int32Array(4).fill(value ? -1 : 0)), 'head');
  }

  binary(operator: BinaryOperator, x: Lane, y: Lane): Lane {
    if (operator === '&&') return this.#logic(v128.and, [booleanOf(x), booleanOf(y)]);
    if (operator === '||') return this.#logic(v128.or, [booleanOf(x), booleanOf(y)]);
    if (x.type !== y.type) throw new NoVectors();
    if (!comparisons.includes(operator)) return this.#arithmetic(operator as Arithmetic, x, y);
    if (x.type === 'number') return this.#compare(operator as Comparison, x, y);
    if (operator === '!==') return this.#logic(v128.xor, [x, y]);
    if (operator === '===') return this.#logic(v128.not, [this.#logic(v128.xor, [x, y])]);
    throw new NoVectors();
  }

  /** `yes` where the condition holds, else `no`. */
  select(condition: Lane, yes: Lane, no: Lane): Lane {
    const { code } = this;
    if (yes.type !== no.type) throw new NoVectors();
    const place = placeOf(condition, yes, no);
    if (yes.type === 'boolean')
      return maskLane(
        code.vector(place, v128.select32, asMask(code, yes), asMask(code, no), asMask(code, condition)),
        place,
      );
    if (this.#areSingle([yes, no]))
      return singleLane(
        code.vector(place, v128.select32, asSingle(code, yes), asSingle(code, no), asMask(code, condition)),
        place,
      );
    const [one, other, mask] = [asDouble(code, yes), asDouble(code, no), asWide(code, condition)];
    const half = (k: 0 | 1) => code.vector(place, v128.select64, one[k], other[k], mask[k]);
    return doubleLane(half(0), half(1), place);
  }

  /** A number where the condition holds, else 0. */
  only(condition: Lane, x: Lane): Lane {
    const { code } = this;
    const place = placeOf(condition, x);
    if (x.native === 'single')
      return singleLane(code.vector(place, v128.and, asSingle(code, x), asMask(code, condition)), place);
    const [value, mask] = [asDouble(code, x), asWide(code, condition)];
    const half = (k: 0 | 1) => code.vector(place, v128.and, value[k], mask[k]);
    return doubleLane(half(0), half(1), place);
  }

  #choice({ condition, yes, no }: Choice, operands: (name: string) => Lane): Lane {
    const clipped = this.#clip({ kind: 'choose', condition, yes, no }, operands);
    if (clipped) return clipped;
    const accepted = this.expression(yes, operands);
    const rejected = this.expression(no, operands);
    if (condition.kind === 'binary' && (condition.operator === '<' || condition.operator === '>')) {
      const x = this.expression(condition.x, operands);
      const y = this.expression(condition.y, operands);
      const [least, most] = condition.operator === '<' ? [x, y] : [y, x];
      // `least < most ? … : …` of the two values themselves is one instruction.
      if (accepted === most && rejected === least) return this.pick('greater', least, most);
      if (accepted === least && rejected === most) return this.pick('lesser', most, least);
      return this.select(this.#compare(condition.operator, numberOf(x), numberOf(y)), accepted, rejected);
    }
    return this.select(booleanOf(this.expression(condition, operands)), accepted, rejected);
  }

  /** `x < least ? least : x > most ? most : x` where the limits are known and in order. */
  #clip(choice: Choice, operands: (name: string) => Lane): Lane | undefined {
    const { condition, yes: least, no } = choice;
    if (no.kind !== 'choose' || condition.kind !== 'binary' || condition.operator !== '<') return undefined;
    const { condition: above, yes: most, no: x } = no;
    if (above.kind !== 'binary' || above.operator !== '>') return undefined;
    const areNamed = [
      [condition.x, above.x, x],
      [condition.y, least],
      [above.y, most],
    ].every(([first, ...others]) => others.every((other) => isSameOperand(first, other)));
    if (!areNamed) return undefined;
    const [value, low, high] = [x, least, most].map((part) => this.expression(part, operands));
    if (!low.constant || !high.constant || !(low.constant.value <= high.constant.value)) return undefined;
    const limits = `${low.constant.value} ${high.constant.value} ${this.arithmetics}`;
    if (value.limits === limits) return value;
    const clipped = this.pick('greater', this.pick('lesser', value, high), low);
    clipped.limits = limits;
    return clipped;
  }

  /** The lesser (`y < x ? y : x`) or the greater one (`x < y ? y : x`) of two numbers. */
  pick(instruction: 'greater' | 'lesser', x: Lane, y: Lane): Lane {
    return this.#floats(instruction, [numberOf(x), numberOf(y)], true);
  }

  #arithmetic(operator: Arithmetic, x: Lane, y: Lane): Lane {
    return this.#floats(operator, [numberOf(x), numberOf(y)], this.arithmetics !== 'double');
  }

  each(instruction: 'abs' | 'negate' | 'floor' | 'ceil' | 'trunc', x: Lane): Lane {
    return this.#floats(instruction, [numberOf(x)], true);
  }

  #call(name: UnaryFunction, x: Lane): Lane {
    if (name === 'fround') return singleLane(asSingle(this.code, numberOf(x)), x.place);
    if (name === 'sqrt') return this.#floats('sqrt', [numberOf(x)], false);
    if (name !== 'sign') return this.each(name, x);
    const zero = this.number(0);
    const negative = this.select(this.#compare('<', numberOf(x), zero), this.number(-1), x);
    return this.select(this.#compare('>', x, zero), this.number(1), negative);
  }

  /** @param keepsSingle whether the result for float32 is a float32. */
  #floats(instruction: keyof FloatInstructions, operands: readonly Lane[], keepsSingle: boolean): Lane {
    const { code } = this;
    const place = placeOf(...operands);
    if ((keepsSingle && this.#areSingle(operands)) || this.arithmetics === 'single')
      return singleLane(
        code.vector(place, f32x4[instruction], ...operands.map((operand) => asSingle(code, operand))),
        place,
      );
    const pairs = operands.map((operand) => asDouble(code, operand));
    const half = (k: 0 | 1) => code.vector(place, f64x2[instruction], ...pairs.map((pair) => pair[k]));
    return doubleLane(half(0), half(1), place);
  }

  #areSingle(lanes: readonly Lane[]): boolean {
    return this.arithmetics === 'single' || lanes.every((lane) => lane.native === 'single');
  }

  #compare(operator: Comparison, x: Lane, y: Lane): Lane {
    const { code } = this;
    const place = placeOf(x, y);
    if (this.#areSingle([x, y]))
      return maskLane(code.vector(place, f32x4[operator], asSingle(code, x), asSingle(code, y)), place);
    const [one, other] = [asDouble(code, x), asDouble(code, y)];
    const half = (k: 0 | 1) => code.vector(place, f64x2[operator], one[k], other[k]);
    return wideLane(half(0), half(1), place);
  }

  #logic(instruction: readonly number[], operands: readonly Lane[]): Lane {
    const { code } = this;
    const place = placeOf(...operands);
    const [{ quarter }] = operands;
    const sixteens = operands.flatMap(({ sixteen }) => sixteen ?? []);
    if (quarter !== undefined && sixteens.length === operands.length) {
      const bytes = code.vector('loop', instruction, ...sixteens.map((sixteen) => sixteen.bytes));
      return quarterLane({ bytes, halves: [] }, quarter);
    }
    if (operands.some(({ native }) => native === 'mask' || native === 'sixteen'))
      return maskLane(
        code.vector(place, instruction, ...operands.map((operand) => asMask(code, operand))),
        place,
      );
    const pairs = operands.map((operand) => asWide(code, operand));
    const half = (k: 0 | 1) => code.vector(place, instruction, ...pairs.map((pair) => pair[k]));
    return wideLane(half(0), half(1), place);
  }
}

function isSameOperand(one: Expression, other: Expression): boolean {
  return one.kind === 'operand' && other.kind === 'operand' && one.name === other.name;
}

/** Whether a number is a float32. */
export function isExact(value: number): boolean {
  return Object.is(Math.fround(value), value);
}

function numberOf(lane: Lane): Lane {
  if (lane.type !== 'number') throw new NoVectors();
  return lane;
}

function booleanOf(lane: Lane): Lane {
  if (lane.type !== 'boolean') throw new NoVectors();
  return lane;
}

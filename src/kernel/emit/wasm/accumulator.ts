import { control } from '../../../base/wasm/instructions';
import type { FoldNode } from '../../nodes';
import { type Expression, parseTemplate } from '../expression';
import { isNaNMissing } from '../layout';
import { Code, NoVectors } from './code';
import { asDouble, asMask, asSingle, doubleLane, type Lane, maskLane, singleLane } from './lanes';
import { isExact, Lowering } from './lower';
import type { StepWriter } from './step-writer';

const counting = '$a + 1 : $a';

/** What a fold has found so far, for the group of pixels at hand. */
export class Accumulator {
  readonly #writer: StepWriter;
  readonly #node: FoldNode;
  readonly #step: Expression;
  readonly #initial: Expression;
  readonly #lowering: Lowering;
  readonly #locals: readonly number[];
  readonly #isSingle: boolean;
  /** Whether NaN in the planes is no-data. */
  readonly #mayBeNaN: boolean;

  /** @throws NoVectors */
  constructor(writer: StepWriter, node: FoldNode) {
    const step = parseTemplate(node.step);
    const initial = parseTemplate(node.initial);
    if (!step || !initial) throw new NoVectors();
    this.#writer = writer;
    this.#node = node;
    this.#initial = initial;
    this.#mayBeNaN = isNaNMissing(writer.layout, node.planes[0]);
    const hasMasks = node.planes.some((plane) => writer.layout.planes[plane].hasMask);
    const isNumberWhereValid = this.#mayBeNaN && !hasMasks && node.itemType === 'number';
    this.#step = isNumberWhereValid ? withoutNaN(step) : step;
    // There are fewer planes than float32 can count.
    const isCounting = node.step.endsWith(counting) && node.initial === '0';
    this.#lowering = new Lowering(writer.code, isCounting ? 'counting' : 'double');
    this.#isSingle = this.#keepsSingle(isCounting);
    const { code } = writer;
    const isPair = node.type === 'number' && !this.#isSingle;
    this.#locals = Array.from({ length: isPair ? 2 : 1 }, () => code.local('v128'));
  }

  begin(): void {
    const { code } = this.#writer;
    for (const operand of this.#node.operands) {
      const lane = this.#writer.lane(operand);
      if (lane.type === 'number') asDouble(code, lane);
    }
    this.#write(this.#lowering.expression(this.#initial, unknown));
  }

  /** Takes up a plane's pixels. @param isSet its mask, where the table has masks. */
  step(loaded: Lane, isSet: Lane | undefined): void {
    const lowering = this.#lowering;
    const isNumber = this.#mayBeNaN ? lowering.binary('===', loaded, loaded) : undefined;
    const isValid =
      isSet && isNumber
        ? lowering.binary('&&', isSet, isNumber)
        : (isSet ?? isNumber ?? lowering.truth(true));
    const item =
      this.#node.itemType === 'boolean' ? lowering.binary('!==', loaded, lowering.number(0)) : loaded;
    this.#write(
      this.#next(lowering, this.result(), item, isValid, (k) => this.#writer.lane(this.#node.operands[k])),
    );
  }

  result(): Lane {
    const [low, high] = this.#locals;
    if (this.#node.type === 'boolean') return maskLane(low);
    return this.#isSingle ? singleLane(low) : doubleLane(low, high);
  }

  #next(lowering: Lowering, soFar: Lane, item: Lane, isValid: Lane, operand: (index: number) => Lane): Lane {
    const named = (name: string) =>
      name === 'a' ? soFar : name === 'v' ? item : name === 'm' ? isValid : operand(Number(name));
    const addend = this.#node.initial === '0' ? conditionalAddend(this.#step) : undefined;
    if (!addend) return lowering.expression(this.#step, named);
    // A sum from 0 is never -0, so adding 0 changes nothing.
    const condition = lowering.expression(addend.condition, named);
    return lowering.binary('+', soFar, lowering.only(condition, lowering.expression(addend.x, named)));
  }

  /** Whether what is found stays float32 from step to step: tried with code that is thrown away. */
  #keepsSingle(isCounting: boolean): boolean {
    const initial = this.#initial.kind === 'number' ? this.#initial.value : undefined;
    if (this.#node.type !== 'number' || initial === undefined || !isExact(initial)) return false;
    const { array } = this.#writer.layout.planes[this.#node.planes[0]];
    const isWide = array === 'Float64Array' || array === 'Int32Array' || array === 'Uint32Array';
    const value = isWide ? doubleLane(1, 1) : singleLane(1);
    const item = this.#node.itemType === 'boolean' ? maskLane(1) : value;
    const trial = new Lowering(new Code(), isCounting ? 'counting' : 'double');
    const operand = (index: number): Lane =>
      this.#node.operands[index].type === 'boolean' ? maskLane(1) : doubleLane(1, 1);
    return this.#next(trial, singleLane(1), item, maskLane(1), operand).native === 'single';
  }

  #write(lane: Lane): void {
    const { code } = this.#writer;
    if (lane.type !== this.#node.type) throw new NoVectors();
    const vectors =
      lane.type === 'boolean'
        ? [asMask(code, lane)]
        : this.#isSingle
          ? [asSingle(code, lane)]
          : asDouble(code, lane);
    vectors.forEach((vector, k) => {
      code.push('loop', control.get(vector), control.set(this.#locals[k]));
    });
  }
}

/** `condition ? $a + x : $a` */
function conditionalAddend(step: Expression): { condition: Expression; x: Expression } | undefined {
  if (step.kind !== 'choose' || !isNamed(step.no, 'a')) return undefined;
  const { condition, yes } = step;
  if (yes.kind !== 'binary' || yes.operator !== '+' || !isNamed(yes.x, 'a')) return undefined;
  return { condition, x: yes.y };
}

/** The same step where `$m` says that `$v` is no NaN: comparing with it is false for NaN anyway. */
function withoutNaN(step: Expression): Expression {
  if (step.kind !== 'choose' || step.condition.kind !== 'binary' || step.condition.operator !== '&&')
    return step;
  const { x, y } = step.condition;
  const isOrder =
    isNamed(x, 'm') &&
    y.kind === 'binary' &&
    y.operator === '||' &&
    y.x.kind === 'binary' &&
    (y.x.operator === '<' || y.x.operator === '>') &&
    isNamed(y.x.x, 'v') &&
    y.y.kind === 'binary' &&
    y.y.operator === '!==' &&
    isNamed(y.y.x, 'v') &&
    isNamed(y.y.y, 'v');
  return isOrder ? { ...step, condition: y.x } : step;
}

function isNamed(expression: Expression, name: string): boolean {
  return expression.kind === 'operand' && expression.name === name;
}

function unknown(name: string): never {
  throw new TypeError(`$${name} is no value to begin with`);
}

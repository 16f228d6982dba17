import { type Expression, parseTemplate } from './emit/expression';
import { isInvariant, type Node } from './nodes';

/**
 * Which steps of cubes of float32 are computed in float32: each of their `+ - * /` and square roots rounds to the
 * nearest float32, after operands have been rounded to it. That is twice as fast as numbers of 64 bits.
 *
 * It is only done where it costs no more than some last digits of a result, a part of 2^-24 of it for each step:
 * - for the processes of arithmetic (see `Builder.map`); what adds up many values keeps 64 bits;
 * - never for sums and differences of what has been rounded before, which could leave nothing but its error: they and
 *   all that goes into them are computed in 64 bits. Values that have been clipped to known limits may be moved, as
 *   `linear_scale_range` does, if nothing else is computed from them: the error stays a part of these limits;
 * - not for what goes into comparisons (but with 0), into whole numbers and into functions that are no arithmetic;
 * - not with constants that are out of proportion.
 *
 * That holds as long as no step leaves the range of float32.
 *
 * @param nodes all that is computed, operands first.
 * @param constantOf the value of a node that only constants go into.
 * @param whole what is float32 without being rounded, see `exactNodes`.
 */
export function singleNodes(
  nodes: readonly Node[],
  constantOf: (node: Node) => number,
  whole: ReadonlySet<Node> = new Set(),
): ReadonlySet<Node> {
  const exact = new Set(nodes.flatMap((node) => (isSensitive(node, constantOf) ? node.operands : [])));
  const first = classify(nodes, withOperands(nodes, exact), constantOf, whole);
  for (const node of first.exact) exact.add(node);
  return classify(nodes, withOperands(nodes, exact), constantOf, whole).singles;
}

interface Classes {
  readonly singles: ReadonlySet<Node>;
  /** Sums of what has been rounded. */
  readonly exact: readonly Node[];
}

function classify(
  nodes: readonly Node[],
  exact: ReadonlySet<Node>,
  constantOf: (node: Node) => number,
  whole: ReadonlySet<Node>,
): Classes {
  const singles = new Set<Node>();
  /** Float32 as they were read, or picked from such. */
  const original = new Set<Node>();
  const rounded = new Set<Node>();
  /** Rounded, with an error that is a part of known limits and not of the value. */
  const moved = new Set<Node>();
  const exactSums: Node[] = [];
  const isOriginal = (node: Node) => (isInvariant(node) ? isFloat32(constantOf(node)) : original.has(node));
  for (const node of nodes) {
    if (isInvariant(node)) continue;
    if (node.op === 'load' || (node.op === 'fold' && !computes(parseTemplate(node.step)))) original.add(node);
    const template = node.op === 'code' ? parseTemplate(node.code) : undefined;
    if (!template) continue;
    if (whole.has(node)) {
      original.add(node);
      singles.add(node);
      continue;
    }
    const numbers = node.operands.filter((operand) => operand.type === 'number');
    const isRounded = numbers.some((operand) => rounded.has(operand));
    const isMoved = numbers.some((operand) => moved.has(operand));
    if (node.type !== 'number') {
      if (isMoved) exactSums.push(node);
      continue;
    }
    const canRound = (node as { mayRound?: boolean }).mayRound === true && !exact.has(node);
    if (!computes(template)) {
      if (isMoved) moved.add(node);
      if (isRounded) rounded.add(node);
      else if (numbers.every(isOriginal)) original.add(node);
    } else if (
      canRound &&
      numbers.every((operand) => !isInvariant(operand) || isInProportion(constantOf(operand)))
    ) {
      const isSum = adds(template, (name) => isInvariant(node.operands[Number(name)]));
      const isFirst = numbers.every((operand) => isInvariant(operand) || original.has(operand));
      if (!isMoved && (!isSum || isFirst)) {
        singles.add(node);
        rounded.add(node);
        if (!isSum && adds(template, () => false)) moved.add(node);
      } else if (isRounded) exactSums.push(node);
    } else if (isRounded) exactSums.push(node);
  }
  return { singles, exact: exactSums };
}

/** These nodes and all that goes into them. */
function withOperands(nodes: readonly Node[], some: ReadonlySet<Node>): ReadonlySet<Node> {
  const all = new Set(some);
  for (let index = nodes.length - 1; index >= 0; index--)
    if (all.has(nodes[index])) for (const operand of nodes[index].operands) all.add(operand);
  return all;
}

/** Constants that say something beside values of 24 binary digits. */
function isInProportion(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 2 ** -64 && size <= 2 ** 24) || !Number.isFinite(value);
}

function isFloat32(value: number): boolean {
  return Object.is(Math.fround(value), value);
}

/** Whether a small change of an operand can change the result by more than about as much. */
function isSensitive(node: Node, constantOf: (node: Node) => number): boolean {
  if (node.op !== 'code') return true;
  const template = parseTemplate(node.code);
  const isZero = (part: Expression) => {
    const operand = part.kind === 'operand' ? node.operands[Number(part.name)] : undefined;
    return operand?.type === 'number' && isInvariant(operand) && constantOf(operand) === 0;
  };
  const isStep = (part: Expression) => {
    if (part.kind === 'call') return part.name !== 'abs' && part.name !== 'sqrt';
    if (part.kind !== 'binary' || !comparisons.includes(part.operator)) return false;
    // Comparing a value with itself asks for NaN; where limits are chosen, so is the value beside them.
    if (isSame(part.x, part.y) || (node.mayRound && node.type === 'number')) return false;
    return !isZero(part.x) && !isZero(part.y);
  };
  return !template || contains(template, isStep);
}

const comparisons: readonly string[] = ['===', '!==', '<', '>', '<=', '>='];

/** Whether the result is more than one of the operands. */
function computes(expression: Expression | undefined): boolean {
  const isStep = (part: Expression) =>
    part.kind === 'call' ? part.name === 'sqrt' : part.kind === 'binary' && '+-*/'.includes(part.operator);
  return !expression || contains(expression, isStep);
}

/** Whether anything is added or subtracted that is not within known limits. */
function adds(expression: Expression, isConstant: (name: string) => boolean): boolean {
  return contains(
    expression,
    (part) =>
      part.kind === 'binary' &&
      (part.operator === '+' || part.operator === '-') &&
      !(isLimited(part.x, isConstant) && isLimited(part.y, isConstant)),
  );
}

/** `x < least ? least : x > most ? most : x` with constant limits, constants, and what is computed from these. */
function isLimited(expression: Expression, isConstant: (name: string) => boolean): boolean {
  const limited = (part: Expression) => isLimited(part, isConstant);
  switch (expression.kind) {
    case 'number':
      return true;
    case 'operand':
      return isConstant(expression.name);
    case 'binary':
      return limited(expression.x) && limited(expression.y);
    case 'choose': {
      const { condition: below, yes: least, no } = expression;
      if (no.kind !== 'choose' || below.kind !== 'binary' || no.condition.kind !== 'binary') return false;
      const { condition: above, yes: most } = no;
      const isClip = below.operator === '<' && above.operator === '>' && isSame(below.x, above.x);
      return isClip && isSame(below.y, least) && isSame(above.y, most) && limited(least) && limited(most);
    }
    default:
      return false;
  }
}

function isSame(one: Expression, other: Expression): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function contains(expression: Expression | undefined, holds: (part: Expression) => boolean): boolean {
  if (!expression) return false;
  if (holds(expression)) return true;
  switch (expression.kind) {
    case 'not':
    case 'negate':
    case 'call':
      return contains(expression.x, holds);
    case 'binary':
      return contains(expression.x, holds) || contains(expression.y, holds);
    case 'choose':
      return [expression.condition, expression.yes, expression.no].some((part) => contains(part, holds));
    default:
      return false;
  }
}

import { type Expression, parseTemplate } from './emit/expression';
import { isInvariant, type Node } from './nodes';

/**
 * Which steps of cubes of float32 are computed in float32.
 *
 * Each `+ - * /` and square root of such a step rounds to the nearest float32, a relative error of at most 2^-24, as
 * numpy has it for arrays of float32; constants are rounded first. That is twice as fast as numbers of 64 bits. It is
 * only done for the processes of arithmetic (see `Builder.map`); sums, means and all else that adds up many values,
 * whatever is rounded to whole numbers or compared for equality afterwards, and what takes constants that are out of
 * proportion stays with 64 bits. All other cubes, those of integers among them, are computed in 64 bits throughout.
 *
 * @param nodes all that is computed, operands first.
 * @param constantOf the value of a node that only constants go into.
 */
export function singleNodes(nodes: readonly Node[], constantOf: (node: Node) => number): ReadonlySet<Node> {
  const exact = exactNodes(nodes);
  const singles = new Set<Node>();
  /** Those whose values are float32, computed so or picked from such. */
  const narrow = new Set<Node>();
  for (const node of nodes) {
    if (node.type !== 'number' || isInvariant(node)) continue;
    if (node.op === 'load') narrow.add(node);
    if (node.op === 'fold' && !rounds(parseTemplate(node.step))) narrow.add(node);
    if (node.op !== 'code') continue;
    const template = parseTemplate(node.code);
    const numbers = node.operands.filter((operand) => operand.type === 'number');
    const isNarrow = (isConstant: (value: number) => boolean) =>
      numbers.every((operand) =>
        isInvariant(operand) ? isConstant(constantOf(operand)) : narrow.has(operand),
      );
    if (!template || numbers.length === 0) continue;
    if (node.mayRound && !exact.has(node) && isNarrow(isInProportion)) {
      singles.add(node);
      narrow.add(node);
    } else if (!rounds(template) && isNarrow((value) => Object.is(Math.fround(value), value)))
      narrow.add(node);
  }
  return singles;
}

/** Constants that say something beside values of 24 binary digits. */
function isInProportion(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 2 ** -64 && size <= 2 ** 24) || !Number.isFinite(value);
}

/** What goes into whole numbers and into comparisons for equality. */
function exactNodes(nodes: readonly Node[]): ReadonlySet<Node> {
  const exact = new Set<Node>();
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index];
    const isStep = node.op === 'code' && isSteplike(parseTemplate(node.code));
    if (isStep || node.op === 'call' || exact.has(node))
      for (const operand of node.operands) exact.add(operand);
  }
  return exact;
}

/** Whether a small change of an operand can change the result to another whole number or truth. */
function isSteplike(expression: Expression | undefined): boolean {
  return some(expression, (part) => {
    if (part.kind === 'call') return part.name !== 'abs' && part.name !== 'sqrt';
    if (part.kind !== 'binary' || (part.operator !== '===' && part.operator !== '!==')) return false;
    // Comparing a value with itself asks for NaN.
    return JSON.stringify(part.x) !== JSON.stringify(part.y);
  });
}

function rounds(expression: Expression | undefined): boolean {
  return (
    !expression ||
    some(expression, (part) =>
      part.kind === 'call' ? part.name === 'sqrt' : part.kind === 'binary' && '+-*/'.includes(part.operator),
    )
  );
}

function some(expression: Expression | undefined, holds: (part: Expression) => boolean): boolean {
  if (!expression) return false;
  if (holds(expression)) return true;
  switch (expression.kind) {
    case 'not':
    case 'negate':
    case 'call':
      return some(expression.x, holds);
    case 'binary':
      return some(expression.x, holds) || some(expression.y, holds);
    case 'choose':
      return [expression.condition, expression.yes, expression.no].some((part) => some(part, holds));
    default:
      return false;
  }
}

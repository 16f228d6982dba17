import { type Expression, parseTemplate } from './emit/expression';
import { isInvariant, type Node } from './nodes';

/** Numbers that are whole multiples of `unit`, a power of two, and no further from 0 than `most`. */
interface Fixed {
  readonly unit: number;
  readonly most: number;
}

/** How far from 0 whole numbers reach in planes of small ones. */
const most: Readonly<Record<string, number>> = {
  Uint8Array: 255,
  Uint8ClampedArray: 255,
  Int8Array: 128,
  Uint16Array: 65535,
  Int16Array: 32768,
};

/** Float32 has 24 binary digits. */
const digits = 2 ** 24;
/** Constants of finer parts are taken for any number. */
const finest = 2 ** -20;

/**
 * Which sums and products are float32 exactly, because they are made of small whole numbers as planes of integers have
 * them: computed in float32 they are the same to the last bit.
 *
 * @param nodes all that is computed, operands first.
 * @param constantOf the value of a node that only constants go into.
 * @param arrayOf how a plane is kept; anything for planes that are not read.
 */
export function exactNodes(
  nodes: readonly Node[],
  constantOf: (node: Node) => number,
  arrayOf: (plane: number) => string,
): ReadonlySet<Node> {
  const known = new Map<Node, Fixed>();
  for (const node of nodes) {
    const fixed = fixedOf(node);
    if (fixed) known.set(node, fixed);
  }
  return new Set([...known.keys()].filter((node) => !isInvariant(node)));

  function fixedOf(node: Node): Fixed | undefined {
    if (node.type !== 'number') return undefined;
    if (isInvariant(node)) return ofConstant(constantOf(node));
    if (node.op === 'load') {
      const limit = most[arrayOf(node.plane)];
      return limit === undefined ? undefined : { unit: 1, most: limit };
    }
    const template = node.op === 'code' ? parseTemplate(node.code) : undefined;
    return template && ofExpression(template, (name) => known.get(node.operands[Number(name)]));
  }
}

function ofConstant(value: number): Fixed | undefined {
  let unit = 1;
  while (unit >= finest && !Number.isInteger(value / unit)) unit /= 2;
  return unit >= finest ? kept({ unit, most: Math.abs(value) }) : undefined;
}

/** Undefined where float32 may not hold it. */
function kept(fixed: Fixed): Fixed | undefined {
  return fixed.most <= fixed.unit * digits ? fixed : undefined;
}

function ofExpression(
  expression: Expression,
  operand: (name: string) => Fixed | undefined,
): Fixed | undefined {
  const of = (part: Expression) => ofExpression(part, operand);
  switch (expression.kind) {
    case 'operand':
      return operand(expression.name);
    case 'number':
      return ofConstant(expression.value);
    case 'negate':
      return of(expression.x);
    case 'call':
      return expression.name === 'abs' ? of(expression.x) : undefined;
    case 'choose': {
      if (!comparesExactly(expression.condition, of)) return undefined;
      const [yes, no] = [of(expression.yes), of(expression.no)];
      return yes && no && joined(yes, no, Math.max(yes.most, no.most));
    }
    case 'binary': {
      const [x, y] = [of(expression.x), of(expression.y)];
      if (!x || !y) return undefined;
      if (expression.operator === '*') return kept({ unit: x.unit * y.unit, most: x.most * y.most });
      const adds = expression.operator === '+' || expression.operator === '-';
      return adds ? joined(x, y, x.most + y.most) : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether a condition compares nothing but what is kept exactly. */
function comparesExactly(condition: Expression, of: (part: Expression) => Fixed | undefined): boolean {
  switch (condition.kind) {
    case 'operand':
    case 'boolean':
      return true;
    case 'not':
      return comparesExactly(condition.x, of);
    case 'binary': {
      const { operator, x, y } = condition;
      if (operator === '&&' || operator === '||') return comparesExactly(x, of) && comparesExactly(y, of);
      return of(x) !== undefined && of(y) !== undefined;
    }
    default:
      return false;
  }
}

function joined(x: Fixed, y: Fixed, limit: number): Fixed | undefined {
  return kept({ unit: Math.min(x.unit, y.unit), most: limit });
}

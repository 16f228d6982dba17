import { callable } from '../../src/kernel/elementwise';
import { type Expression, parseTemplate } from '../../src/kernel/emit/expression';
import { printSingle } from '../../src/kernel/emit/single';

/** What a tree means, step by step. */
function evaluate(expression: Expression, operands: readonly unknown[]): unknown {
  const inner = (part: Expression) => evaluate(part, operands) as number;
  switch (expression.kind) {
    case 'operand':
      return operands[Number(expression.name)];
    case 'number':
    case 'boolean':
      return expression.value;
    case 'not':
      return !inner(expression.x);
    case 'negate':
      return -inner(expression.x);
    case 'call':
      return Math[expression.name](inner(expression.x));
    case 'choose':
      return inner(expression.condition) ? inner(expression.yes) : inner(expression.no);
    case 'binary':
      return callable(`$0 ${expression.operator} $1`, 2)(
        inner(expression.x) as never,
        inner(expression.y) as never,
      );
  }
}

const numbers = [0, -0, 1, -1, 2.5, 0.1, 1e300, Infinity, -Infinity, Number.NaN];
const onNumbers = [
  '($0 + $1)',
  '$0 - $1 - $2',
  '$0 - ($1 - $2)',
  '$0 / $1 * $2 + 3',
  '((($0 < $1 ? $1 : $0 > $2 ? $2 : $0) - $1) * $2 + 0.25)',
  '$0 < $1 === $1 < $2',
  '$0 >= 0 ? $0 : $1 === $2 ? -1 - $0 : $0 - 1',
  '($0 > $1 || $1 !== $1) && !($2 <= 0)',
  '-Math.abs($0) + Math.sqrt($1) - Math.sign($2)',
  'Math.floor($0) / Math.ceil($1) - Math.trunc($2)',
  '(!($1 === $1 && $0 - $0 === 0))',
  '$0 ? $1 : $2 ? -Infinity : NaN',
];

describe('a template', () => {
  it.each(onNumbers)('%s means as a tree what it means to JavaScript', (template) => {
    const tree = parseTemplate(template)!;
    const call = callable(template, 3);
    for (const x of numbers)
      for (const y of numbers)
        for (const z of numbers)
          expect(evaluate(tree, [x, y, z])).toBe(call(x as never, y as never, z as never));
  });

  it('has operands of folds', () => {
    expect(parseTemplate('$m ? $v : $a')).toEqual({
      kind: 'choose',
      condition: { kind: 'operand', name: 'm' },
      yes: { kind: 'operand', name: 'v' },
      no: { kind: 'operand', name: 'a' },
    });
  });

  it.each([
    'Math.sin($0)',
    '$0 ** $1',
    '$0 % 2',
    'process.exit(1)',
    '$0 +',
    '($0',
    '$0 $1',
    '',
    '$0; $1',
    '$0 = 1',
  ])('has no tree where it is %s', (template) => {
    expect(parseTemplate(template)).toBeUndefined();
  });
});

describe('a template in float32', () => {
  it('rounds after each step of arithmetic', () => {
    const operand = (name: string) => `x${name}`;
    const print = (template: string) => printSingle(parseTemplate(template)!, operand);
    expect(print('($0 - $1) / Math.sqrt($0)')).toBe(
      'Math.fround(Math.fround(x0 - x1) / Math.fround(Math.sqrt(x0)))',
    );
    expect(print('$0 < 0.1 ? -$0 : 2')).toBe('((x0 < (0.10000000149011612)) ? (-x0) : (2))');
  });
});

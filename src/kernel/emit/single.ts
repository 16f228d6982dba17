import type { Expression } from './expression';

/**
 * An expression in JavaScript whose steps of arithmetic round to float32: the nearest float32 of a sum, difference,
 * product, quotient or root of float32 is the same whether it is computed in 64 bits first or not.
 */
export function printSingle(expression: Expression, operand: (name: string) => string): string {
  const print = (inner: Expression) => printSingle(inner, operand);
  switch (expression.kind) {
    case 'operand':
      return operand(expression.name);
    case 'number':
      return `(${Object.is(expression.value, -0) ? '-0' : Math.fround(expression.value)})`;
    case 'boolean':
      return String(expression.value);
    case 'not':
      return `(!${print(expression.x)})`;
    case 'negate':
      return `(-${print(expression.x)})`;
    case 'call': {
      const call = `Math.${expression.name}(${print(expression.x)})`;
      return expression.name === 'sqrt' ? `Math.fround(${call})` : call;
    }
    case 'choose':
      return `(${print(expression.condition)} ? ${print(expression.yes)} : ${print(expression.no)})`;
    case 'binary': {
      const binary = `(${print(expression.x)} ${expression.operator} ${print(expression.y)})`;
      return '+-*/'.includes(expression.operator) ? `Math.fround${binary}` : binary;
    }
  }
}

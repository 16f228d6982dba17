/**
 * A template of ours as a tree: the part of JavaScript's expressions that operations are written in.
 * Operands are named as in the template, without the `$`: `0`, `1`, … or `a`, `v`, `m` in steps of folds.
 */
export type Expression =
  | { readonly kind: 'operand'; readonly name: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'not'; readonly x: Expression }
  | { readonly kind: 'negate'; readonly x: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly x: Expression;
      readonly y: Expression;
    }
  | {
      readonly kind: 'choose';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: 'call'; readonly name: UnaryFunction; readonly x: Expression };

/** By binding strength, the weakest first. */
const operators = [['||'], ['&&'], ['===', '!=='], ['<=', '>=', '<', '>'], ['+', '-'], ['*', '/']] as const;
export type BinaryOperator = (typeof operators)[number][number];

const functions = ['abs', 'sqrt', 'floor', 'ceil', 'trunc', 'sign', 'fround'] as const;
export type UnaryFunction = (typeof functions)[number];

const parsed = new Map<string, Expression | undefined>();

/** Undefined where the template uses anything else, such as a function that vectors lack. Templates are few. */
export function parseTemplate(template: string): Expression | undefined {
  if (!parsed.has(template)) parsed.set(template, new Parser(template).parse());
  return parsed.get(template);
}

const token = /\s*(\$\w+|\d+(?:\.\d+)?|Math\.\w+|\w+|===|!==|&&|\|\||<=|>=|\*\*|\S)/y;

/** Thrown at what has no tree. */
class Unsupported extends Error {}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(template: string) {
    this.#tokens = Array.from(template.matchAll(new RegExp(token, 'g')), (match) => match[1]);
  }

  parse(): Expression | undefined {
    try {
      const expression = this.#choice();
      return this.#at === this.#tokens.length ? expression : undefined;
    } catch (error) {
      if (error instanceof Unsupported) return undefined;
      throw error;
    }
  }

  #choice(): Expression {
    const condition = this.#binary(0);
    if (!this.#accept('?')) return condition;
    const yes = this.#choice();
    this.#expect(':');
    return { kind: 'choose', condition, yes, no: this.#choice() };
  }

  #binary(strength: number): Expression {
    if (strength === operators.length) return this.#unary();
    const known: readonly string[] = operators[strength];
    let x = this.#binary(strength + 1);
    while (known.includes(this.#tokens[this.#at])) {
      const operator = this.#tokens[this.#at++] as BinaryOperator;
      x = { kind: 'binary', operator, x, y: this.#binary(strength + 1) };
    }
    return x;
  }

  #unary(): Expression {
    if (this.#accept('!')) return { kind: 'not', x: this.#unary() };
    if (!this.#accept('-')) return this.#primary();
    const x = this.#unary();
    return x.kind === 'number' ? { kind: 'number', value: -x.value } : { kind: 'negate', x };
  }

  #primary(): Expression {
    const text = this.#tokens[this.#at++] ?? '';
    if (text === '(') {
      const inner = this.#choice();
      this.#expect(')');
      return inner;
    }
    if (text.startsWith('$')) return { kind: 'operand', name: text.slice(1) };
    if (text === 'true' || text === 'false') return { kind: 'boolean', value: text === 'true' };
    if (text === 'NaN' || text === 'Infinity' || /^\d/.test(text))
      return { kind: 'number', value: Number(text) };
    const call = functions.find((known) => text === `Math.${known}`);
    if (!call) throw new Unsupported();
    this.#expect('(');
    const x = this.#choice();
    this.#expect(')');
    return { kind: 'call', name: call, x };
  }

  #accept(text: string): boolean {
    if (this.#tokens[this.#at] !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw new Unsupported();
  }
}

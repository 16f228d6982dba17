import type { Arguments } from '../graph/types';
import type { Operation } from './builder';
import { functionId, type ScalarFunction, type ValueType } from './nodes';
import { constant, type Kernel } from './operands';

/** A process that maps single values to a single value and gives no-data where an operand is no-data. */
export interface Elementwise {
  /** Names of the parameters that the operation takes, in its order. */
  readonly operands: readonly string[];
  /** What the operands are; number unless given. */
  readonly takes?: ValueType;
  /** What the result is; number unless given. */
  readonly gives?: ValueType;
  /** A template with `$0`, `$1`, … for the operands (for short arithmetic, which is faster so), or a function. */
  readonly operation: Operation;
  /** False where the result can be a number although an operand is NaN. */
  readonly keepsNaN?: boolean;
}

/** What the file of such a process exports, from one definition of what it computes: it does so for all numbers. */
export function elementwise(definition: Elementwise): {
  run(args: Arguments): number | boolean | null;
  kernel: Kernel;
  answers: readonly string[];
} {
  const { operands, takes = 'number', gives = 'number', operation, keepsNaN } = definition;
  const call = callable(operation, operands.length);
  return {
    answers: operands,
    run: (args) => {
      const values = operands.map((name) => args[name] ?? null);
      return values.includes(null) ? null : call(...(values as never[]));
    },
    kernel: (args, build) => {
      const values = operands.map((name) => args.get(name) ?? constant(null));
      if (values.some((value) => value.kind === 'constant' && value.value === null)) return constant(null);
      const scalars = build.scalars(values, takes);
      return scalars && build.map(operation, gives, scalars, keepsNaN);
    },
  };
}

const compiled = new Map<string, ScalarFunction>();

/** An operation as a function of single values. */
export function callable(operation: Operation, operands: number): ScalarFunction {
  if (typeof operation !== 'string') {
    functionId(operation);
    return operation;
  }
  const known = compiled.get(`${operands} ${operation}`);
  if (known) return known;
  const names = Array.from({ length: operands }, (_, index) => `$${index}`);
  const call = new Function(...names, `'use strict'; return ${operation};`) as ScalarFunction;
  compiled.set(`${operands} ${operation}`, call);
  return call;
}

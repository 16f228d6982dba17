import type { Arguments } from '../../graph/types';
import type { Builder } from '../../kernel/builder';
import type { Node } from '../../kernel/nodes';
import { constant, type Kernel, type Scalar } from '../../kernel/operands';

/** Finite numbers, and all else that is not no-data. */
export function isValid(x: unknown): boolean {
  return typeof x === 'number' ? Number.isFinite(x) : x !== null && x !== undefined;
}

/** The same for a value per pixel. */
function validNode(x: Scalar, build: Builder): Node {
  const valid = build.isValid(x.valid);
  return x.type === 'number' ? build.node('($0 && $1 - $1 === 0)', 'boolean', [valid, x.node]) : valid;
}

export function run(args: Arguments): boolean {
  return isValid(args.x);
}

export const kernel: Kernel = (args, build) => {
  const x = args.get('x') ?? constant(null);
  if (x.kind !== 'scalar') return constant(x.kind !== 'constant' || isValid(x.value));
  return build.always(validNode(x, build));
};

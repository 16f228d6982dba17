import type { Arguments } from '../../graph/types';
import { callable, elementwise } from '../../kernel/elementwise';
import type { Kernel } from '../../kernel/operands';

const factor = '(($3 - $2) / ($1 - $0))';
/** The ends of the range are exact, and what is beyond them becomes them. */
const scale = '($0 <= $1 ? $3 : $0 >= $2 ? $4 : ($0 - $1) * $5 + $3)';

const bounds = ['inputMin', 'inputMax', 'outputMin', 'outputMax'];
const factorOf = callable(factor, 4) as (...range: number[]) => number;
const scaled = elementwise({ operands: ['x', ...bounds, 'factor'], operation: scale });

export function run(args: Arguments): unknown {
  const range = bounds.map((name) => args[name] as number);
  return scaled.run({ ...args, factor: factorOf(...range) });
}

/** The factor is computed once, unless the range differs from pixel to pixel. */
export const kernel: Kernel = (args, build) => {
  const range = build.scalars(
    bounds.map((name) => args.get(name)),
    'number',
  );
  if (!range) return undefined;
  return scaled.kernel(new Map([...args, ['factor', build.map(factor, 'number', range)]]), build);
};

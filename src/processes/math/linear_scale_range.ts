import type { Arguments } from '../../graph/types';
import { elementwise } from '../../kernel/elementwise';
import type { Kernel } from '../../kernel/operands';

const bounds = ['inputMin', 'inputMax', 'outputMin', 'outputMax'];
const scaled = elementwise({
  operands: ['x', ...bounds, 'factor'],
  operation: '((($0 < $1 ? $1 : $0 > $2 ? $2 : $0) - $1) * $5 + $3)',
});

/** By what the distance from the start is multiplied; never so much that rounding leads out of the range. */
function factorOf(inputMin: number, inputMax: number, outputMin: number, outputMax: number): number {
  const factor = (outputMax - outputMin) / (inputMax - inputMin);
  const end = (inputMax - inputMin) * factor + outputMin;
  const isBeyond = outputMax > outputMin ? end > outputMax : end < outputMax;
  return isBeyond ? factor * (1 - Number.EPSILON) : factor;
}

export function run(args: Arguments): number | boolean | null {
  const [inputMin, inputMax, outputMin, outputMax] = bounds.map((name) => args[name] as number);
  return scaled.run({ ...args, factor: factorOf(inputMin, inputMax, outputMin, outputMax) });
}

/** The factor is computed once, unless the range differs from pixel to pixel. */
export const kernel: Kernel = (args, build) => {
  const range = build.scalars(
    bounds.map((name) => args.get(name)),
    'number',
  );
  if (!range) return undefined;
  return scaled.kernel(new Map([...args, ['factor', build.map(factorOf, 'number', range)]]), build);
};

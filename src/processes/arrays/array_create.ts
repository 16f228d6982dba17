import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { arrayItems, constant, constantOf, type Kernel } from '../../kernel/operands';

const maxLength = 1_000_000;

function repeated<T>(items: readonly T[], repeat: number): T[] {
  if (items.length * repeat > maxLength)
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: `arrays may have up to ${maxLength} elements`,
    });
  return items.length === 0 ? [] : Array.from({ length: repeat }, () => items).flat(1);
}

/** @throws OpenEOError `ProcessGraphComplexity` for more elements than can reasonably be held. */
export function run(args: Arguments): unknown[] {
  return repeated(elements(args.data), (args.repeat ?? 1) as number);
}

export const kernel: Kernel = (args) => {
  const data = arrayItems(args.get('data') ?? constant([]));
  const repeat = constantOf(args.get('repeat'), 1)?.value;
  if (!data || typeof repeat !== 'number') return undefined;
  return { kind: 'array', items: repeated(data.items, repeat) };
};

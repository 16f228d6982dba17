import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { firstOrLast, isWanted } from './first-or-last';

export function run(args: Arguments): unknown {
  return elements(args.data).findLast(isWanted(args)) ?? null;
}

export const kernel = firstOrLast('last');

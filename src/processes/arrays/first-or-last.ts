import type { Arguments } from '../../graph/types';
import { arrayItems, constant, flagOf, type Kernel } from '../../kernel/operands';
import { uniformItems } from './items';

/** Whether `first` and `last` look at a value, as `ignore_nodata` has it. */
export function isWanted(args: Arguments): (value: unknown) => boolean {
  const ignoresNodata = args.ignore_nodata !== false;
  return (value) => !ignoresNodata || (value ?? null) !== null;
}

/** The kernel of `first` and of `last`: a fold in which the wanted value comes last. */
export function firstOrLast(which: 'first' | 'last'): Kernel {
  return (args, build) => {
    const ignoresNodata = flagOf(args.get('ignore_nodata'), true);
    const data = arrayItems(args.get('data'));
    if (!data || ignoresNodata === undefined) return undefined;
    if (!ignoresNodata || data.items.length < 2)
      return data.items.at(which === 'first' ? 0 : -1) ?? constant(null);
    const items = uniformItems(args.get('data'), build);
    if (!items) return undefined;
    const ordered = which === 'first' ? [...items].reverse() : items;
    const { type } = items[0];
    const node = build.fold(ordered, {
      step: '$m ? $v : $a',
      initial: type === 'number' ? 'NaN' : 'false',
      type,
    });
    const isAny = build.fold(ordered, { step: '$a || $m', initial: 'false', type: 'boolean' });
    return { kind: 'scalar', type, node, valid: [isAny], isNaNWhenInvalid: true };
  };
}

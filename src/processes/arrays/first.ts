import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { arrayItems, constant, flagOf, type Kernel } from '../../kernel/operands';
import { uniformItems } from './items';

export function run(args: Arguments): unknown {
  const data = elements(args.data);
  const ignoresNodata = args.ignore_nodata !== false;
  const isWanted = (value: unknown) => !ignoresNodata || (value ?? null) !== null;
  return data.find(isWanted) ?? null;
}

export const kernel: Kernel = (args, build) => {
  const ignoresNodata = flagOf(args.get('ignore_nodata'), true);
  const data = arrayItems(args.get('data'));
  if (!data || ignoresNodata === undefined) return undefined;
  if (!ignoresNodata || data.items.length < 2) return data.items.at(0) ?? constant(null);
  const items = uniformItems(args.get('data'), build);
  if (!items) return undefined;
  const ordered = [...items].reverse();
  const { type } = items[0];
  const node = build.fold(ordered, {
    step: '$m ? $v : $a',
    initial: type === 'number' ? 'NaN' : 'false',
    type,
  });
  const isAny = build.fold(ordered, { step: '$a || $m', initial: 'false', type: 'boolean' });
  return { kind: 'scalar', type, node, valid: [isAny], isNaNWhenInvalid: true };
};

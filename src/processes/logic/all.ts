import type { Arguments } from '../../graph/types';
import { elements } from '../../kernel/elements';
import { flagOf, type Kernel } from '../../kernel/operands';
import { itemsOf } from '../arrays/items';

export function run(args: Arguments): boolean | null {
  const data = elements(args.data);
  if (data.includes(false)) return false;
  return args.ignore_nodata === false && data.includes(null) ? null : true;
}

export const kernel: Kernel = (args, build) => {
  const items = itemsOf(args.get('data'), 'boolean', build);
  const ignoresNodata = flagOf(args.get('ignore_nodata'), true);
  if (!items || ignoresNodata === undefined) return undefined;
  const found = build.fold(items, {
    step: '$a && (!$m || $v)',
    initial: 'true',
    type: 'boolean',
  });
  if (ignoresNodata) return build.always(found);
  const isComplete = build.fold(items, { step: '$a && $m', initial: 'true', type: 'boolean' });
  const isKnown = build.node('(!$0 || $1)', 'boolean', [found, isComplete]);
  return { ...build.always(found), valid: [isKnown] };
};

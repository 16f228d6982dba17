import type { Arguments, Callback } from '../../graph/types';
import type { Builder } from '../../kernel/builder';
import { elements } from '../../kernel/elements';
import { arrayItems, type CallbackOperand, constant, type Kernel, type Operand } from '../../kernel/operands';
import { uniformItems } from '../arrays/items';
import { isValid } from '../comparison/is_valid';

export function run(args: Arguments): number | Promise<number> {
  const data = elements(args.data);
  const { condition = null, context = null } = args;
  if (condition === true) return data.length;
  if (condition === null) return data.filter(isValid).length;
  return countHolding(data, condition as Callback, context);
}

async function countHolding(
  data: readonly unknown[],
  condition: Callback,
  context: unknown,
): Promise<number> {
  let count = 0;
  for (const x of data) if ((await condition.call({ x: x ?? null, context })) === true) count++;
  return count;
}

export const kernel: Kernel = (args, build) => {
  const condition = args.get('condition') ?? constant(null);
  const array = arrayItems(args.get('data'));
  if (!array) return undefined;
  if (condition.kind === 'callback')
    return countWhere(array.items, condition, args.get('context') ?? constant(null), build);
  if (condition.kind !== 'constant') return undefined;
  if (condition.value === true) return constant(array.items.length);
  const items = uniformItems(args.get('data'), build);
  if (!items) return undefined;
  const finiteOnly = items[0]?.type === 'number' ? ' && $v - $v === 0' : '';
  return build.always(
    build.fold(items, { step: `$m${finiteOnly} ? $a + 1 : $a`, initial: '0', type: 'number' }),
  );
};

function countWhere(
  items: readonly Operand[],
  condition: CallbackOperand,
  context: Operand,
  build: Builder,
): Operand | undefined {
  let count = build.table.code('0', 'number', []);
  for (const x of items) {
    const holds = condition.inline(
      new Map([
        ['x', x],
        ['context', context],
      ]),
    );
    const isTrue = build.scalar(holds, 'boolean');
    if (isTrue?.type !== 'boolean') return undefined;
    const facts = build.isValid(build.allOf([isTrue.valid, [isTrue.node]]));
    count = build.node('($1 ? $0 + 1 : $0)', 'number', [count, facts]);
  }
  return build.always(count);
}

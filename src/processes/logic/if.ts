import type { Arguments } from '../../graph/types';
import type { Builder } from '../../kernel/builder';
import { arrayItems, constant, type Kernel, type Operand, type Scalar } from '../../kernel/operands';

export function run(args: Arguments): unknown {
  return (args.value === true ? args.accept : args.reject) ?? null;
}

export const kernel: Kernel = (args, build) => {
  const condition = args.get('value') ?? constant(null);
  const accept = args.get('accept') ?? constant(null);
  const reject = args.get('reject') ?? constant(null);
  if (condition.kind === 'constant') return condition.value === true ? accept : reject;
  if (condition.kind !== 'scalar' || condition.type !== 'boolean') return undefined;
  return choose(condition, accept, reject, build);
};

/** Values of one type, or arrays of equal length and labels, element by element. */
function choose(condition: Scalar, accept: Operand, reject: Operand, build: Builder): Operand | undefined {
  const yes = arrayItems(accept);
  const no = arrayItems(reject);
  if (yes && no) {
    if (yes.items.length !== no.items.length) return undefined;
    if (JSON.stringify(yes.labels) !== JSON.stringify(no.labels)) return undefined;
    const items: Operand[] = [];
    for (let k = 0; k < yes.items.length; k++) {
      const item = choose(condition, yes.items[k], no.items[k], build);
      if (!item) return undefined;
      items.push(item);
    }
    return { kind: 'array', items, labels: yes.labels };
  }
  const type =
    [accept, reject].find((operand) => operand.kind === 'scalar')?.type ?? typeOf(accept) ?? typeOf(reject);
  const branches = type && build.scalars([accept, reject], type);
  return branches && build.select(condition, branches[0], branches[1]);
}

function typeOf(operand: Operand): 'number' | 'boolean' | undefined {
  if (operand.kind !== 'constant') return undefined;
  if (typeof operand.value === 'number') return 'number';
  return typeof operand.value === 'boolean' ? 'boolean' : undefined;
}

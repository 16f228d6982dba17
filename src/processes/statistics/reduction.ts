import type { Arguments } from '../../graph/types';
import type { Builder } from '../../kernel/builder';
import { elements } from '../../kernel/elements';
import type { Node } from '../../kernel/nodes';
import { constant, flagOf, type Kernel, type Operand, type Scalar } from '../../kernel/operands';
import { itemsOf } from '../arrays/items';

/** The numbers to reduce; null where the result is no-data. */
export function numbersOf(args: Arguments): readonly number[] | null {
  const data = elements(args.data);
  const numbers = data.filter((value) => value !== null && value !== undefined) as number[];
  const isIncomplete = args.ignore_nodata === false && numbers.length < data.length;
  return numbers.length === 0 || isIncomplete ? null : numbers;
}

/** What a kernel of a reducer works with. */
export interface Reduction {
  readonly items: readonly Scalar[];
  /** How many elements are valid. */
  readonly count: Node;
  readonly build: Builder;
}

export interface ReducerTraits {
  /** What is computed is NaN for no valid elements, so that they need not be counted. */
  readonly isNaNForNone?: boolean;
}

/** A reducer that gives one number, or no-data for no valid elements. */
export function reducer(compute: (reduction: Reduction) => Node, traits: ReducerTraits = {}): Kernel {
  return (args, build) => reduce(args, build, (reduction) => [compute(reduction)], traits)?.[0];
}

/** The same for several numbers from the same elements. @param traits.width how many there are. */
export function reduce(
  args: ReadonlyMap<string, Operand>,
  build: Builder,
  compute: (reduction: Reduction) => readonly Node[],
  { isNaNForNone = false, width = 1 }: ReducerTraits & { readonly width?: number } = {},
): Operand[] | undefined {
  const items = itemsOf(args.get('data'), 'number', build);
  const ignoresNodata = flagOf(args.get('ignore_nodata'), true);
  if (!items || ignoresNodata === undefined) return undefined;
  if (items.length === 0) return Array.from({ length: width }, () => constant(null));
  const count = build.fold(items, { step: '$m ? $a + 1 : $a', initial: '0', type: 'number' });
  const isKnown = ignoresNodata
    ? build.node('($0 > 0)', 'boolean', [count])
    : build.node('($0 === $1)', 'boolean', [count, build.table.constant(items.length)]);
  const valid = items.every((item) => item.valid.length === 0) ? [] : [isKnown];
  return compute({ items, count, build }).map((node) => ({
    kind: 'scalar',
    type: 'number',
    node,
    valid,
    isNaNWhenInvalid: isNaNForNone && ignoresNodata,
  }));
}

import type { Arguments } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { callable } from '../../kernel/elementwise';
import type { Node } from '../../kernel/nodes';
import { arrayItems, flagOf, type Kernel, type Operand } from '../../kernel/operands';
import { itemsOf } from '../arrays/items';
import { withLabels } from '../arrays/labelled';

/**
 * `cumsum` and its kin.
 * @param operation a template: `$0` the result so far, `$1` the next number.
 */
export function cumulation(initial: number, operation: string) {
  const combine = callable(operation, 2) as (so: number, next: number) => number;

  const run = ({ data, ignore_nodata }: Arguments): unknown => {
    let soFar = initial;
    let isOver = false;
    const results = elements(data).map((value) => {
      if ((value ?? null) === null) isOver ||= ignore_nodata === false;
      else soFar = combine(soFar, value as number);
      return isOver || (value ?? null) === null ? null : soFar;
    });
    return withLabels(labelsOf(data), results);
  };

  const kernel: Kernel = (args, build) => {
    const items = itemsOf(args.get('data'), 'number', build);
    const ignoresNodata = flagOf(args.get('ignore_nodata'), true);
    if (!items || ignoresNodata === undefined) return undefined;
    let soFar: Node = build.table.constant(initial);
    let facts: readonly Node[] = [];
    const results = items.map(({ node, valid }): Operand => {
      const next = build.node(operation, 'number', [soFar, node]);
      soFar =
        valid.length === 0
          ? next
          : build.node('($0 ? $1 : $2)', 'number', [build.isValid(valid), next, soFar]);
      facts = ignoresNodata ? valid : build.allOf([facts, valid]);
      return { kind: 'scalar', type: 'number', node: soFar, valid: facts, isNaNWhenInvalid: false };
    });
    return { kind: 'array', items: results, labels: arrayItems(args.get('data'))?.labels };
  };
  return { run, kernel };
}

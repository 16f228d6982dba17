import type { Arguments } from '../../graph/types';
import type { Builder } from '../../kernel/builder';
import { elements, labelsOf } from '../../kernel/elements';
import type { Node } from '../../kernel/nodes';
import { arrayItems, type Kernel, type Operand } from '../../kernel/operands';
import { instantOf } from '../dates/instant';
import { itemsOf } from './items';
import { withLabels } from './labelled';

type Labels = readonly (number | string)[];

/** Where the elements lie: at their labels where these are numbers or instants in order, else at their indices. */
function positionsOf(labels: Labels | undefined, length: number): number[] {
  const positions = labels?.map((label) => (typeof label === 'number' ? label : instantOf(label))) ?? [];
  const steps = positions.slice(1).map((position, index) => position - positions[index]);
  const isOrdered = steps.every((step) => step > 0) || steps.every((step) => step < 0);
  const isKnown = labels !== undefined && isOrdered && positions.every(Number.isFinite);
  return isKnown ? positions : Array.from({ length }, (_, index) => index);
}

/** The value at `x` on the line through two points; `fallback` where one of them does not exist (its x is NaN). */
function onLine(x0: number, y0: number, x1: number, y1: number, x: number, fallback: number): number {
  if (Number.isNaN(x0) || Number.isNaN(x1)) return fallback;
  if (y0 === y1) return y0;
  const share = (x - x0) / (x1 - x0);
  return y0 * (1 - share) + y1 * share;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

export function run({ data }: Arguments): unknown {
  const values = elements(data);
  const labels = labelsOf(data);
  const positions = positionsOf(labels, values.length);
  const filled: unknown[] = values.map((value) => value ?? null);
  let before = -1;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (!isNumber(value)) continue;
    for (let gap = before + 1; before >= 0 && gap < index; gap++)
      filled[gap] = onLine(
        positions[before],
        values[before] as number,
        positions[index],
        value,
        positions[gap],
        Number.NaN,
      );
    before = index;
  }
  return withLabels(labels, filled);
}

/** Position and value of the nearest number on one side of every element. */
function neighbours(
  values: readonly { readonly isNumber: Node; readonly node: Node }[],
  positions: readonly number[],
  build: Builder,
): { readonly x: Node; readonly y: Node }[] {
  const none = build.table.constant(Number.NaN);
  let nearest = { x: none, y: none };
  return values.map((value, index) => {
    const own = nearest;
    const choose = (one: Node, other: Node) =>
      build.node('($0 ? $1 : $2)', 'number', [value.isNumber, one, other]);
    nearest = {
      x: choose(build.table.constant(positions[index]), own.x),
      y: choose(value.node, own.y),
    };
    return own;
  });
}

export const kernel: Kernel = (args, build) => {
  const items = itemsOf(args.get('data'), 'number', build);
  if (!items) return undefined;
  const labels = arrayItems(args.get('data'))?.labels;
  const positions = positionsOf(labels, items.length);
  const values = items.map(({ node, valid }) => ({
    node,
    isNumber: build.node('($0 && $1 === $1)', 'boolean', [build.isValid(valid), node]),
  }));
  const before = neighbours(values, positions, build);
  const after = neighbours([...values].reverse(), [...positions].reverse(), build).reverse();
  const filled = items.map((item, index): Operand => {
    const [one, other] = [before[index], after[index]];
    const operands = [one.x, one.y, other.x, other.y, build.table.constant(positions[index]), item.node];
    const line = build.node(onLine, 'number', operands);
    const node = build.node('($0 ? $1 : $2)', 'number', [values[index].isNumber, item.node, line]);
    if (item.valid.length === 0) return { ...item, node };
    const isKnown = build.node('($0 || $1 === $1 && $2 === $2)', 'boolean', [
      build.isValid(item.valid),
      one.x,
      other.x,
    ]);
    return { ...item, node, valid: [isKnown] };
  });
  return { kind: 'array', items: filled, labels };
};

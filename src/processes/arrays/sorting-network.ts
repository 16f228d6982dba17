import type { Builder } from '../../kernel/builder';
import { comparators } from '../../kernel/comparators';
import type { Node } from '../../kernel/nodes';
import { constantOf, flagOf, type Operand, type Scalar } from '../../kernel/operands';
import { itemsOf } from './items';

/** Longer arrays take the general path: the network grows faster than they do. */
const maxItems = 32;

/** One place of the sorted array. */
export interface SortedItem {
  readonly value: Node;
  /** Where the value was. */
  readonly index: Node;
  /** Absent where no element can be no-data. */
  readonly isMissing?: Node;
}

interface Element {
  /** 0: a number, 1: NaN, 2 or -1: no-data, which moves to the end or the start. */
  readonly group: Node;
  /** The number, 0 for others. */
  readonly key: Node;
  readonly index: Node;
}

/**
 * What `order` and `sort` give for numbers, by compare-exchange steps that are the same for all pixels.
 * Undefined where the general path has to be taken.
 */
export function sortedItems(
  args: ReadonlyMap<string, Operand>,
  build: Builder,
): readonly SortedItem[] | undefined {
  const items = itemsOf(args.get('data'), 'number', build);
  const isAscending = flagOf(args.get('asc'), true);
  const nodata = constantOf(args.get('nodata'), null);
  if (!items || isAscending === undefined || !nodata || items.length > maxItems) return undefined;
  const mayMiss = items.some((item) => item.valid.length > 0);
  // Removing no-data makes arrays whose length differs from pixel to pixel.
  if (mayMiss && nodata.value === null) return undefined;
  const elements = items.map((item, index) => elementOf(item, index, nodata.value === true, build));
  const isAfter = isAscending ? '$2 > $3' : '$2 < $3';
  for (const [low, high] of comparators(items.length))
    exchange(elements, low, high, `($0 > $1 || $0 === $1 && (${isAfter} || $2 === $3 && $4 > $5))`, build);
  return elements.map(({ group, key, index }) => ({
    value: build.node('($0 === 1 ? NaN : $1)', 'number', [group, key]),
    index,
    ...(mayMiss ? { isMissing: build.node('($0 === 2 || $0 === -1)', 'boolean', [group]) } : {}),
  }));
}

function elementOf({ node, valid }: Scalar, index: number, isLast: boolean, build: Builder): Element {
  const isValid = build.isValid(valid);
  const place = isLast ? '2' : '-1';
  return {
    group: build.node(`($0 ? ($1 === $1 ? 0 : 1) : ${place})`, 'number', [isValid, node]),
    key: build.node('($0 && $1 === $1 ? $1 : 0)', 'number', [isValid, node]),
    index: build.table.constant(index),
  };
}

function exchange(elements: Element[], low: number, high: number, isAfter: string, build: Builder): void {
  const [one, other] = [elements[low], elements[high]];
  const swaps = build.node(isAfter, 'boolean', [
    ...[one.group, other.group, one.key, other.key],
    ...[one.index, other.index],
  ]);
  const choose = (yes: Node, no: Node) => build.node('($0 ? $1 : $2)', 'number', [swaps, yes, no]);
  elements[low] = {
    group: choose(other.group, one.group),
    key: choose(other.key, one.key),
    index: choose(other.index, one.index),
  };
  elements[high] = {
    group: choose(one.group, other.group),
    key: choose(one.key, other.key),
    index: choose(one.index, other.index),
  };
}

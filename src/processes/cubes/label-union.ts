import type { Dimension } from '../../raster/cube';
import type { Geometry } from '../../raster/vector/geometry';
import { geometryKey } from '../../raster/vector/geometry-key';
import { parseInstant } from './temporal-extent';

/** For each label of a united dimension where each cube has it; -1 where it lacks it. */
export interface LabelUnion {
  readonly labels: readonly unknown[];
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** Whether any label is in both. */
  readonly overlaps: boolean;
}

/** Equal for equal labels: instants for times, so that a date equals its midnight, and shapes for geometries. */
function keyOf(dimension: Dimension, label: unknown): string {
  if (dimension.type === 'temporal') {
    const instant = parseInstant(label);
    if (!Number.isNaN(instant)) return `instant ${instant}`;
  }
  if (dimension.type === 'geometry') return geometryKey(label as Geometry | null);
  return `${typeof label} ${typeof label === 'object' ? JSON.stringify(label) : String(label)}`;
}

function compareLabels(dimension: Dimension): ((one: unknown, other: unknown) => number) | undefined {
  if (dimension.type === 'temporal')
    return (one, other) => {
      const difference = parseInstant(one) - parseInstant(other);
      if (!Number.isNaN(difference)) return difference;
      return String(one) < String(other) ? -1 : 1;
    };
  if (dimension.type !== 'spatial') return undefined;
  const labels = dimension.labels ?? [];
  const sign = Number(labels[0]) > Number(labels.at(-1)) ? -1 : 1;
  return (one, other) => sign * (Number(one) - Number(other));
}

function isSorted(labels: readonly unknown[], compare: (one: unknown, other: unknown) => number): boolean {
  return labels.every((label, index) => index === 0 || compare(labels[index - 1], label) <= 0);
}

/** A key for each label; labels that a dimension has several times (features of one place) stay apart. */
function keysOf(dimension: Dimension, labels: readonly unknown[]): string[] {
  const counts = new Map<string, number>();
  return labels.map((label) => {
    const key = keyOf(dimension, label);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return count === 0 ? key : `${key} #${count}`;
  });
}

/** Labels of the first dimension, then those that only the second has; sorted where the dimension has an order. */
export function uniteLabels(one: Dimension, other: Dimension): LabelUnion {
  const first = new Map(keysOf(one, one.labels ?? []).map((key, index) => [key, index]));
  const ofSecond = keysOf(other, other.labels ?? []);
  const second = new Map(ofSecond.map((key, index) => [key, index]));
  const labels = [
    ...(one.labels ?? []),
    ...(other.labels ?? []).filter((_, index) => !first.has(ofSecond[index])),
  ];
  const compare = compareLabels(one);
  // Where the cube itself has given up the order nothing else can tell where new labels belong.
  if (compare && isSorted(one.labels ?? [], compare)) labels.sort(compare);
  const keys = keysOf(one, labels);
  return {
    labels,
    first: keys.map((key) => first.get(key) ?? -1),
    second: keys.map((key) => second.get(key) ?? -1),
    overlaps: keys.some((key) => first.has(key) && second.has(key)),
  };
}

/** A dimension that only one of the cubes has: the other one is used for each label. */
export function broadcastLabels(labels: readonly unknown[], owner: 'first' | 'second'): LabelUnion {
  const own = labels.map((_, index) => index);
  const other = labels.map(() => 0);
  return {
    labels,
    first: owner === 'first' ? own : other,
    second: owner === 'first' ? other : own,
    overlaps: labels.length > 0,
  };
}

/** The dimension with united labels; bands bring what is known of them. */
export function unitedDimension(one: Dimension, other: Dimension, union: LabelUnion): Dimension {
  if (one.type === 'bands' && other.type === 'bands' && (one.bands || other.bands)) {
    const bands = union.labels.map((label, index) => {
      const known =
        union.first[index] >= 0 ? one.bands?.[union.first[index]] : other.bands?.[union.second[index]];
      return known ?? { name: String(label) };
    });
    return { ...one, labels: union.labels as (number | string)[], bands };
  }
  if (one.type === 'geometry' && other.type === 'geometry' && (one.features || other.features)) {
    const features = union.labels.map(
      (_, index) =>
        (union.first[index] >= 0
          ? one.features?.[union.first[index]]
          : other.features?.[union.second[index]]) ?? { properties: null },
    );
    return { ...one, labels: union.labels, features };
  }
  return { ...one, labels: union.labels } as Dimension;
}

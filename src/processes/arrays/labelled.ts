import { LabeledArray } from '../../graph/types';

type Labels = readonly (number | string)[];

/** The values with these labels, or a plain array without any. */
export function withLabels(labels: Labels | undefined, values: readonly unknown[]): unknown {
  return labels ? new LabeledArray(labels, values) : values;
}

/** A label that is in both lists. */
export function sharedLabel(one: Labels, other: Labels): number | string | undefined {
  const known = new Set(one);
  return other.find((label) => known.has(label));
}

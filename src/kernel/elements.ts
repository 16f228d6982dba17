import { LabeledArray } from '../graph/types';

/** The values of an array with or without labels; none for anything else. */
export function elements(data: unknown): readonly unknown[] {
  if (data instanceof LabeledArray) return data.values;
  return Array.isArray(data) ? data : [];
}

/** The labels of an array that has some. */
export function labelsOf(data: unknown): readonly (number | string)[] | undefined {
  return data instanceof LabeledArray ? data.labels : undefined;
}

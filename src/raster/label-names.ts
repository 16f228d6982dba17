import type { Dimension } from './cube';
import { toWkt } from './formats/wkt';
import type { Geometry } from './vector/geometry';

/**
 * The labels of a dimension as graphs see them, which know numbers and texts: geometries are named by the identifiers
 * of their features where each has one of its own, and by well-known text elsewhere.
 * @param labels of the dimension, where it does not hold them itself
 */
export function labelNames(
  dimension: Dimension,
  labels: readonly unknown[] = dimension.labels ?? [],
): readonly (number | string)[] {
  if (dimension.type !== 'geometry') return labels as readonly (number | string)[];
  const ids = dimension.features?.flatMap(({ id }) => id ?? []) ?? [];
  if (labels.length > 0 && new Set(ids).size === labels.length) return ids;
  return labels.map((label) =>
    typeof label === 'object' ? toWkt(label as Geometry | null) : (label as string),
  );
}

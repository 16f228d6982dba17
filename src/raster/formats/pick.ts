import { copyValues, createValuesLike, sliceValues, type Values } from '../layers';

/**
 * The values with one index along an axis.
 * @param lengths of the source: of all axes before it together, of the axis, of all after it together
 * @returns C order over the other axes; may share memory with the source
 */
export function pickIndex<A extends Values>(
  source: A,
  [outer, count, inner]: readonly [number, number, number],
  index: number,
): A {
  if (count === 1) return source;
  if (outer === 1) return sliceValues(source, index * inner, (index + 1) * inner) as A;
  const target = createValuesLike(source, outer * inner) as A;
  for (let i = 0; i < outer; i++) copyValues(source, (i * count + index) * inner, target, i * inner, inner);
  return target;
}

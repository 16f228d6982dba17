import { copyValues, createValuesLike, forEachIndex, product, strides, type Values } from './layers';

/** Values and where they are valid, without a shape. */
export interface Layers {
  readonly data: Values;
  readonly valid?: Uint8Array;
}

/**
 * Brings layers into another order of their axes.
 * @param order for each axis of the result, the axis of the source.
 * @param pixels values per layer, which stay together.
 */
export function transposeLayers(
  source: Layers,
  lengths: readonly number[],
  order: readonly number[],
  pixels: number,
): Layers {
  if (order.every((axis, index) => axis === index)) return source;
  const steps = strides(lengths);
  const data = createValuesLike(source.data, product(lengths) * pixels);
  const valid = source.valid && new Uint8Array(data.length);
  let to = 0;
  forEachIndex(
    order.map((axis) => lengths[axis]),
    (index) => {
      const from = index.reduce((sum, at, position) => sum + at * steps[order[position]], 0) * pixels;
      copyValues(source.data, from, data, to, pixels);
      valid?.set(source.valid!.subarray(from, from + pixels), to);
      to += pixels;
    },
  );
  return { data, valid };
}

/** The layers at some positions of the middle axis of `before` × `length` × `after`. */
export function pickAlong(
  source: Layers,
  before: number,
  length: number,
  after: number,
  wanted: readonly number[],
): Layers {
  if (wanted.length === length && wanted.every((index, position) => index === position)) return source;
  const data = createValuesLike(source.data, before * wanted.length * after);
  const valid = source.valid && new Uint8Array(data.length);
  let to = 0;
  for (let piece = 0; piece < before; piece++)
    for (const index of wanted) {
      const from = (piece * length + index) * after;
      copyValues(source.data, from, data, to, after);
      valid?.set(source.valid!.subarray(from, from + after), to);
      to += after;
    }
  return { data, valid };
}

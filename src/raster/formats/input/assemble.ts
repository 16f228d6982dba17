import type { Crs, Grid } from '../../../geo/types';
import type { Block, Cube, DataType, Dimension } from '../../cube';
import { product } from '../../layers';
import { memoryCube } from '../../memory-cube';
import { type Layers, transposeLayers } from '../../transpose';

/** Values with labels on every dimension, as files bring them. */
export interface LoadedArray {
  readonly dimensions: readonly Dimension[];
  /** C order over `dimensions`. */
  readonly data: Block['data'];
  readonly valid?: Uint8Array;
  readonly dataType: DataType;
  readonly nodata?: number | null;
  /** Where x and y are; absent: nowhere on Earth, so that the cube gets labels and no grid. */
  readonly crs?: Crs;
  readonly version: string;
}

/** How far labels may be from an even spacing, in parts of it: coordinates are often stored with few digits. */
const tolerance = 0.01;

/** The distance between labels; undefined where it is not the same everywhere. NaN for a single label. */
function spacing(labels: readonly unknown[]): number | undefined {
  if (labels.length === 0 || !labels.every((label) => typeof label === 'number' && Number.isFinite(label)))
    return undefined;
  const numbers = labels as readonly number[];
  if (numbers.length === 1) return Number.NaN;
  const step = (numbers[numbers.length - 1] - numbers[0]) / (numbers.length - 1);
  const isEven = numbers.every(
    (label, index) => Math.abs(label - numbers[0] - index * step) <= tolerance * Math.abs(step),
  );
  return step !== 0 && isEven ? step : undefined;
}

/** The pixels of evenly spaced coordinates of their centres. */
function gridOf(xs: readonly unknown[], ys: readonly unknown[], crs: Crs): Grid | undefined {
  const [stepX, stepY] = [spacing(xs), spacing(ys)];
  if (stepX === undefined || stepY === undefined) return undefined;
  // A single row or column is as wide as the other axis says.
  const size = (own: number, other: number) =>
    Math.abs(Number.isNaN(own) ? (Number.isNaN(other) ? 1 : other) : own);
  const [resX, resY] = [size(stepX, stepY), size(stepY, stepX)];
  return {
    crs,
    originX: Math.min(xs[0] as number, xs[xs.length - 1] as number) - resX / 2,
    originY: Math.max(ys[0] as number, ys[ys.length - 1] as number) + resY / 2,
    resX,
    resY,
    width: xs.length,
    height: ys.length,
  };
}

/** Rows from south to north, or columns from east to west, the other way round. */
function flip(layers: Layers, lengths: readonly number[], axis: number): Layers {
  const inner = product(lengths.slice(axis + 1));
  const length = lengths[axis];
  const turn = <A extends Block['data']>(source: A): A => {
    const target = source.slice() as A;
    for (let start = 0; start < source.length; start += length * inner)
      for (let index = 0; index < length; index++) {
        const from = start + index * inner;
        const to = start + (length - 1 - index) * inner;
        if (Array.isArray(target)) for (let i = 0; i < inner; i++) target[to + i] = source[from + i];
        else target.set((source as Float64Array).subarray(from, from + inner), to);
      }
    return target;
  };
  return { data: turn(layers.data), ...(layers.valid && { valid: turn(layers.valid) }) };
}

/** A cube of what was loaded: on a grid where x and y are evenly spaced and it is known where they are. */
export function assembleCube({ dimensions, crs, ...loaded }: LoadedArray): Cube {
  const axisOf = (axis: 'x' | 'y') =>
    dimensions.findIndex((dimension) => dimension.type === 'spatial' && dimension.axis === axis);
  const [x, y] = [axisOf('x'), axisOf('y')];
  const common = {
    dataType: loaded.dataType,
    nodata: loaded.nodata ?? null,
    missing: loaded.valid || !/^float/.test(loaded.dataType) ? ('mask' as const) : ('nan' as const),
    dataVersion: loaded.version,
  };
  const grid =
    crs && x >= 0 && y >= 0 ? gridOf(dimensions[x].labels ?? [], dimensions[y].labels ?? [], crs) : undefined;
  if (!grid) {
    const placed = crs
      ? dimensions.map((dimension) =>
          dimension.type === 'spatial' && dimension.axis !== 'z'
            ? { ...dimension, referenceSystem: crs.epsg ?? crs.definition }
            : dimension,
        )
      : dimensions;
    return memoryCube({
      dimensions: placed,
      data: loaded.data,
      ...(loaded.valid && { valid: loaded.valid }),
      ...common,
    });
  }
  const order = [...dimensions.keys()].filter((axis) => axis !== x && axis !== y).concat(y, x);
  const lengths = dimensions.map(({ labels }) => labels?.length ?? 0);
  let layers = transposeLayers(loaded, lengths, order, 1);
  const ordered = order.map((axis) => lengths[axis]);
  if ((spacing(dimensions[y].labels ?? []) ?? -1) > 0) layers = flip(layers, ordered, ordered.length - 2);
  if ((spacing(dimensions[x].labels ?? []) ?? 1) < 0) layers = flip(layers, ordered, ordered.length - 1);
  return memoryCube({
    dimensions: dimensions.map((dimension, axis) =>
      axis === x || axis === y ? ({ ...dimension, labels: undefined } as Dimension) : dimension,
    ),
    grid,
    data: layers.data,
    ...(layers.valid && { valid: layers.valid }),
    ...common,
  });
}

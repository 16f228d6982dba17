import { OpenEOError } from '../../base/errors';
import type { Grid } from '../../geo/types';
import type { Dimension } from '../../raster/cube';
import { allIndices, labelCount } from '../../raster/layers';
import { addDuration, type Duration, parseDuration } from './iso-duration';
import { parseInstant } from './temporal-extent';

/** One entry of `size` or `overlap`. */
export interface ChunkSize {
  readonly dimension: string;
  readonly value: number | string | null;
  readonly unit?: 'px' | 'm' | null;
}

/** Labels of a dimension that are handed over together. */
export interface LabelChunk {
  /** Positions on the dimension; −1 for labels before its first and after its last one, which have no data. */
  readonly sources: readonly number[];
  readonly labels: readonly (number | string)[];
  /** Which of them the result is taken from, by their place in `sources`. */
  readonly core: readonly number[];
}

export function invalidSize(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process: 'apply_neighborhood', parameter, reason });
}

/** A number of labels, or a span of time. */
type Extent = number | Duration;

function extentOf(dimension: Dimension, size: ChunkSize, parameter: 'size' | 'overlap'): Extent | undefined {
  const { value, unit } = size;
  if (value === null) return undefined;
  if (typeof value === 'string') {
    const duration = parseDuration(value);
    if (!duration || dimension.type !== 'temporal')
      throw invalidSize(parameter, `${value} is a duration, but "${dimension.name}" is not temporal`);
    if (duration.months < 0 || duration.milliseconds < 0 || duration.months + duration.milliseconds === 0)
      throw invalidSize(parameter, `${value} is not longer than nothing`);
    return duration;
  }
  if (unit === 'm')
    throw invalidSize(parameter, `the dimension "${dimension.name}" cannot be measured in meters`);
  if (!Number.isInteger(value) || (parameter === 'size' && value === 0))
    throw invalidSize(parameter, `${value} is no number of labels of "${dimension.name}"`);
  return value;
}

/** A label for a place before the first or after the last one: steps go on where they are known. */
function labelBeyond(dimension: Dimension, index: number): number | string {
  const labels = dimension.labels as readonly (number | string)[];
  const [near, next] =
    index < 0 ? [labels[0], labels[1]] : [labels[labels.length - 1], labels[labels.length - 2]];
  const steps = index < 0 ? -index : index - labels.length + 1;
  if (typeof near === 'number' && (next === undefined || typeof next === 'number'))
    return near + steps * (next === undefined ? Math.sign(index) : near - next);
  const [at, other] = [parseInstant(near), parseInstant(next)];
  if (dimension.type === 'temporal' && !Number.isNaN(at) && !Number.isNaN(other))
    return new Date(at + steps * (at - other)).toISOString();
  return String(index);
}

/** The places of whole labels in groups of a number, or of a span of time from the earliest one on. */
function cores(dimension: Dimension, size: Extent | undefined): number[][] {
  const all = allIndices(labelCount(dimension));
  if (size === undefined || all.length === 0) return all.length === 0 ? [] : [all];
  if (typeof size === 'number') {
    const groups: number[][] = [];
    for (let start = 0; start < all.length; start += size) groups.push(all.slice(start, start + size));
    return groups;
  }
  const instants = all.map((index) => instantOf(dimension, index));
  const begin = Math.min(...instants);
  const groups: number[][] = [];
  const sorted = [...all].sort((one, other) => instants[one] - instants[other]);
  let step = 0;
  let group: number[] = [];
  for (const index of sorted) {
    if (instants[index] >= addDuration(begin, size, step + 1)) {
      groups.push(group);
      group = [];
      while (instants[index] >= addDuration(begin, size, step + 1)) step++;
    }
    group.push(index);
  }
  return [...groups, group].map((indices) => indices.sort((one, other) => one - other));
}

function instantOf(dimension: Dimension, index: number): number {
  const instant = parseInstant(dimension.labels?.[index]);
  if (Number.isNaN(instant))
    throw invalidSize(
      'size',
      `the label ${String(dimension.labels?.[index])} of "${dimension.name}" is not a date`,
    );
  return instant;
}

/**
 * The chunks that the labels of a dimension are handed over in. Without a size it is one chunk of all labels.
 * @throws OpenEOError `ProcessParameterInvalid`
 */
export function labelChunks(
  dimension: Dimension,
  size: ChunkSize | undefined,
  overlap: ChunkSize | undefined,
): LabelChunk[] {
  const count = labelCount(dimension);
  const labels = (dimension.labels ?? []) as readonly (number | string)[];
  const around = (overlap && extentOf(dimension, overlap, 'overlap')) ?? 0;
  return cores(dimension, size && extentOf(dimension, size, 'size')).map((core) => {
    let places: number[];
    if (typeof around === 'number') {
      const first = core[0] - around;
      places = [
        ...allIndices(around).map((offset) => first + offset),
        ...core,
        ...allIndices(around).map((offset) => core[core.length - 1] + 1 + offset),
      ];
    } else {
      const instants = core.map((index) => instantOf(dimension, index));
      const from = addDuration(Math.min(...instants), around, -1);
      const to = addDuration(Math.max(...instants), around);
      places = allIndices(count).filter((index) => {
        const instant = instantOf(dimension, index);
        return core.includes(index) || (instant >= from && instant <= to);
      });
    }
    return {
      sources: places.map((place) => (place >= 0 && place < count ? place : -1)),
      labels: places.map((place) => labels[place] ?? labelBeyond(dimension, place)),
      core: core.map((index) => places.indexOf(index)),
    };
  });
}

/** How a cube is cut into neighbourhoods. */
export interface Neighborhoods {
  /** Chunks of labels, for each dimension of layers. */
  readonly labels: readonly (readonly LabelChunk[])[];
  /** The chunks of pixels of a grid. */
  pixels(grid: Grid): { readonly x: PixelChunks; readonly y: PixelChunks };
}

/** Pixels of one axis: how many are handed over together, and how many more on both sides. */
export interface PixelChunks {
  /** Undefined: all. */
  readonly size: number | undefined;
  readonly overlap: number;
}

/** Where wanted labels are in a chunk (`labels`), and where they go among the wanted ones (`places`). */
export function placesOf(
  { sources, core }: LabelChunk,
  wanted: readonly number[],
): { readonly labels: number[]; readonly places: number[] } {
  const inCore = new Map(core.map((place) => [sources[place], place]));
  const places = allIndices(wanted.length).filter((place) => inCore.has(wanted[place]));
  return { places, labels: places.map((place) => inCore.get(wanted[place])!) };
}

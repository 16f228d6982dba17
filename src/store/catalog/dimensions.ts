import type { Json } from '../../base/json';
import { type Fields, field, fieldsOf, isFields, listOf, numbersOf, textOf } from './fields';
import type { RasterItem } from './types';

type JsonObject = { [key: string]: Json };

/** More dates than that are told by their extent only. */
const maxListedTimes = 1000;

/** What items say of their collection. */
export interface ItemSummary {
  readonly bbox?: readonly [number, number, number, number];
  readonly interval?: readonly [string, string];
  /** Distinct, in order. */
  readonly times: readonly string[];
  readonly bands: readonly { readonly name: string; readonly commonName?: string }[];
  /** Where all assets share a reference system. */
  readonly grid?: {
    readonly epsg: number;
    readonly x: readonly [number, number];
    readonly y: readonly [number, number];
    /** The finest. */
    readonly step: readonly [number, number];
  };
}

/** The smallest box around all; kept across the antimeridian where that makes it smaller. */
function unite(boxes: readonly RasterItem['bbox'][]): RasterItem['bbox'] | undefined {
  if (boxes.length === 0) return undefined;
  let south = 90;
  let north = -90;
  const [plain, shifted] = [
    [Infinity, -Infinity],
    [Infinity, -Infinity],
  ];
  const widen = (range: number[], west: number, east: number) => {
    range[0] = Math.min(range[0], west);
    range[1] = Math.max(range[1], east);
  };
  for (const box of boxes) {
    south = Math.min(south, box[1]);
    north = Math.max(north, box[3]);
    const isCrossing = box[0] > box[2];
    widen(plain, isCrossing ? -180 : box[0], isCrossing ? 180 : box[2]);
    // The same in longitudes from 0 to 360.
    const west = box[0] < 0 ? box[0] + 360 : box[0];
    const east = box[2] < 0 || (box[2] === 0 && box[0] < 0) ? box[2] + 360 : box[2];
    if (west <= east) widen(shifted, west, east);
    else widen(shifted, 0, 360);
  }
  if (shifted[1] - shifted[0] < plain[1] - plain[0] && shifted[1] > 180)
    return [shifted[0] > 180 ? shifted[0] - 360 : shifted[0], south, shifted[1] - 360, north];
  return [plain[0], south, plain[1], north];
}

function gridOf(items: readonly RasterItem[]): ItemSummary['grid'] {
  let epsg: number | undefined;
  const x = [Infinity, -Infinity];
  const y = [Infinity, -Infinity];
  const step = [Infinity, Infinity];
  for (const item of items)
    for (const { projection } of item.assets) {
      if (!projection || (epsg !== undefined && epsg !== projection.epsg)) return undefined;
      epsg = projection.epsg;
      const [a, , c, , e, f] = projection.transform;
      const [height, width] = projection.shape;
      for (const value of [c, c + a * width]) {
        x[0] = Math.min(x[0], value);
        x[1] = Math.max(x[1], value);
      }
      for (const value of [f, f + e * height]) {
        y[0] = Math.min(y[0], value);
        y[1] = Math.max(y[1], value);
      }
      step[0] = Math.min(step[0], Math.abs(a));
      step[1] = Math.min(step[1], Math.abs(e));
    }
  return epsg === undefined
    ? undefined
    : { epsg, x: [x[0], x[1]], y: [y[0], y[1]], step: [step[0], step[1]] };
}

/** @param items in order of time */
export function summarise(items: readonly RasterItem[]): ItemSummary {
  const bands = new Map<string, string | undefined>();
  for (const item of items)
    for (const asset of item.assets)
      for (const band of asset.bands) bands.set(band.name, bands.get(band.name) ?? band.commonName);
  const times = [...new Set(items.map((item) => item.datetime))];
  return {
    bbox: unite(items.map((item) => item.bbox)),
    interval: times.length ? [times[0], times[times.length - 1]] : undefined,
    times,
    bands: [...bands].map(([name, commonName]) => ({ name, commonName })),
    grid: gridOf(items),
  };
}

/** Names of bands that the collection itself lists, in its order. */
export function listedBands(document: Fields): string[] {
  const described = [
    ...listOf(fieldsOf(document, 'summaries'), 'eo:bands'),
    ...listOf(document, 'bands'),
    ...listOf(fieldsOf(document, 'summaries'), 'bands'),
  ];
  return [...new Set(described.flatMap((band) => textOf(band, 'name') ?? []))];
}

/**
 * `cube:dimensions` as the collection states them, completed by what its items tell: x and y in the items'
 * reference system (or degrees where they have several), t, and bands.
 */
export function completeDimensions(document: Fields, summary: ItemSummary): JsonObject {
  const given = Object.entries(fieldsOf(document, 'cube:dimensions')).filter(
    ([, dimension]) => isFields(dimension) && typeof dimension['type'] === 'string',
  ) as [string, JsonObject][];
  const spatial = (axis: 'x' | 'y'): JsonObject | undefined => {
    const { grid } = summary;
    if (grid)
      return {
        type: 'spatial',
        axis,
        extent: [...grid[axis]],
        step: grid.step[axis === 'x' ? 0 : 1],
        reference_system: grid.epsg,
      };
    const bbox = numbersOf({ bbox: statedBbox(document) }, 'bbox') ?? summary.bbox;
    if (!bbox) return undefined;
    const north = bbox.length === 6 ? 4 : 3;
    const extent =
      axis === 'x'
        ? bbox[0] <= bbox[north - 1]
          ? [bbox[0], bbox[north - 1]]
          : [-180, 180]
        : [bbox[1], bbox[north]];
    return { type: 'spatial', axis, extent, reference_system: 4326 };
  };
  const named = listedBands(document);
  const extent = statedInterval(document) ?? (summary.interval ? [...summary.interval] : undefined);
  const derived: [string, (dimension: Fields) => boolean, JsonObject | undefined][] = [
    ['x', ({ type, axis }) => type === 'spatial' && axis === 'x', spatial('x')],
    ['y', ({ type, axis }) => type === 'spatial' && axis === 'y', spatial('y')],
    [
      't',
      ({ type }) => type === 'temporal',
      extent && {
        type: 'temporal',
        extent,
        ...(summary.times.length > 0 && summary.times.length <= maxListedTimes
          ? { values: [...summary.times] }
          : {}),
      },
    ],
    [
      'bands',
      ({ type }) => type === 'bands',
      { type: 'bands', values: named.length ? named : summary.bands.map(({ name }) => name) },
    ],
  ];
  for (const [name, is, dimension] of derived) {
    if (!dimension) continue;
    const own = given.find(([, candidate]) => is(candidate));
    if (!own) given.push([name, dimension]);
    else if (dimension['reference_system'] === undefined) own[1] = { ...dimension, ...own[1] };
    // Numbers of one reference system don't complete those of another.
    else if (own[1]['extent'] === undefined && own[1]['reference_system'] === undefined)
      own[1] = { ...dimension, ...own[1] };
  }
  return Object.fromEntries(given);
}

/** The overall box that the collection states, if it does. */
export function statedBbox(document: Fields): readonly number[] | undefined {
  const list = field(fieldsOf(fieldsOf(document, 'extent'), 'spatial'), 'bbox');
  const bbox = Array.isArray(list) ? numbersOf({ bbox: list[0] }, 'bbox') : undefined;
  return bbox && (bbox.length === 4 || bbox.length === 6) ? bbox : undefined;
}

/** The overall interval that the collection states, if it does. */
export function statedInterval(document: Fields): (string | null)[] | undefined {
  const list = field(fieldsOf(fieldsOf(document, 'extent'), 'temporal'), 'interval');
  const interval: unknown = Array.isArray(list) ? list[0] : undefined;
  const isEnd = (end: unknown): end is string | null =>
    end === null || (typeof end === 'string' && !Number.isNaN(Date.parse(end)));
  return Array.isArray(interval) && interval.length === 2 && interval.every(isEnd)
    ? [...interval]
    : undefined;
}

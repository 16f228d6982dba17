import type { ItemFilter, RasterItem } from './types';

/** First position whose time is not before `time`. */
function lowerBound(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One or, across the antimeridian, two ranges of longitudes. */
function longitudes(west: number, east: number): readonly (readonly [number, number])[] {
  return west <= east
    ? [[west, east]]
    : [
        [west, 180],
        [-180, east],
      ];
}

/** Items in order of time, searchable by time and place. */
export class ItemIndex {
  readonly items: readonly RasterItem[];
  readonly #times: Float64Array;
  /** West, south, east, north of each item. */
  readonly #boxes: Float64Array;

  constructor(items: readonly RasterItem[]) {
    const timed = items.map((item) => ({ item, time: Date.parse(item.datetime) }));
    // Equal times in the order of ids: the same mosaic however the documents arrived.
    timed.sort((a, b) => a.time - b.time || (a.item.id < b.item.id ? -1 : a.item.id > b.item.id ? 1 : 0));
    this.items = timed.map(({ item }) => item);
    this.#times = Float64Array.from(timed, ({ time }) => time);
    this.#boxes = new Float64Array(timed.length * 4);
    timed.forEach(({ item }, index) => {
      this.#boxes.set(item.bbox, index * 4);
    });
  }

  /** Items that touch the box and lie in the left-closed interval. */
  search({ bbox, interval }: ItemFilter): RasterItem[] {
    const [start, end] = interval ?? [null, null];
    const first = start === null ? 0 : lowerBound(this.#times, Date.parse(start));
    const last = end === null ? this.#times.length : lowerBound(this.#times, Date.parse(end));
    if (!bbox) return this.items.slice(first, last);
    const [west, south, east, north] = bbox;
    const wanted = longitudes(west, east);
    const found: RasterItem[] = [];
    for (let index = first, at = first * 4; index < last; index++, at += 4) {
      const boxes = this.#boxes;
      if (boxes[at + 1] > north || boxes[at + 3] < south) continue;
      const touches =
        boxes[at] <= boxes[at + 2]
          ? wanted.some(([from, to]) => boxes[at] <= to && boxes[at + 2] >= from)
          : wanted.some(([from, to]) => boxes[at] <= to || boxes[at + 2] >= from);
      if (touches) found.push(this.items[index]);
    }
    return found;
  }
}

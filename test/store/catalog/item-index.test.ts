import fc from 'fast-check';
import { ItemIndex } from '../../../src/store/catalog/item-index';
import type { RasterItem } from '../../../src/store/catalog/types';

const item = (id: string, datetime: string, bbox: RasterItem['bbox']): RasterItem => ({
  id,
  datetime,
  bbox,
  properties: {},
  assets: [],
});

test('items come in order of time, then of id', () => {
  const index = new ItemIndex([
    item('b', '2024-01-02T00:00:00Z', [0, 0, 1, 1]),
    item('c', '2024-01-01T00:00:00Z', [0, 0, 1, 1]),
    item('a', '2024-01-02T00:00:00Z', [0, 0, 1, 1]),
  ]);
  expect(index.search({}).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  const found = (start: string | null, end: string | null) =>
    index.search({ interval: [start, end] }).map(({ id }) => id);
  expect(found('2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z')).toEqual(['c']);
  expect(found('2024-01-02', null)).toEqual(['a', 'b']);
  expect(found(null, '2024-01-01')).toEqual([]);
  expect(new ItemIndex([]).search({ bbox: [0, 0, 1, 1], interval: [null, null] })).toEqual([]);
});

test('boxes across the antimeridian', () => {
  const index = new ItemIndex([
    item('fiji', '2024-01-01T00:00:00Z', [177, -20, -178, -12]),
    item('east', '2024-01-01T00:00:00Z', [178, -15, 179, -14]),
    item('west', '2024-01-01T00:00:00Z', [-180, -15, -179, -14]),
    item('home', '2024-01-01T00:00:00Z', [10, -15, 11, -14]),
  ]);
  const found = (...bbox: [number, number, number, number]) => index.search({ bbox }).map(({ id }) => id);
  expect(found(179.5, -16, -179.5, -13)).toEqual(['fiji', 'west']);
  expect(found(178.5, -16, 178.6, -13)).toEqual(['east', 'fiji']);
  expect(found(-179, -16, -178.5, -13)).toEqual(['fiji', 'west']);
  expect(found(0, -16, 20, -13)).toEqual(['home']);
  expect(found(-180, -90, 180, 90)).toHaveLength(4);
  expect(found(0, 0, 20, 20)).toEqual([]);
});

test('finds what looking at every item finds', () => {
  const day = (number: number) => new Date(Date.UTC(2024, 0, 1 + number)).toISOString();
  const box = fc
    .tuple(
      fc.integer({ min: -180, max: 180 }),
      fc.integer({ min: -90, max: 80 }),
      fc.integer({ min: -180, max: 180 }),
    )
    .map(([west, south, east]): RasterItem['bbox'] => [west, south, east, south + 10]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), box), { maxLength: 20 }),
      box,
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
      (entries, bbox, start, end) => {
        const items = entries.map(([time, where], id) => item(String(id), day(time), where));
        const covers = ([west, , east]: RasterItem['bbox'], longitude: number) =>
          west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
        const expected = items
          .filter(({ datetime }) => datetime >= day(start) && datetime < day(end))
          .filter(({ bbox: own }) => own[1] <= bbox[3] && own[3] >= bbox[1])
          .filter(({ bbox: own }) =>
            [own[0], own[2], bbox[0], bbox[2]].some((edge) => covers(own, edge) && covers(bbox, edge)),
          );
        const found = new ItemIndex(items).search({ bbox, interval: [day(start), day(end)] });
        expect(found.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
      },
    ),
  );
});

import fc from 'fast-check';
import { type Arguments, LabeledArray } from '../../src/graph/types';
import { run as array_concat } from '../../src/processes/arrays/array_concat';
import { run as array_contains } from '../../src/processes/arrays/array_contains';
import { run as array_find } from '../../src/processes/arrays/array_find';
import { run as array_interpolate_linear } from '../../src/processes/arrays/array_interpolate_linear';
import { run as array_modify } from '../../src/processes/arrays/array_modify';
import { run as order } from '../../src/processes/arrays/order';
import { run as rearrange } from '../../src/processes/arrays/rearrange';
import { run as sort } from '../../src/processes/arrays/sort';
import { run as date_between } from '../../src/processes/dates/date_between';
import { run as date_difference } from '../../src/processes/dates/date_difference';
import { run as date_shift } from '../../src/processes/dates/date_shift';
import { run as cumsum } from '../../src/processes/math/cumsum';
import { run as round } from '../../src/processes/math/round';
import { run as sum } from '../../src/processes/statistics/sum';
import { run as text_contains } from '../../src/processes/texts/text_contains';
import { run as text_find } from '../../src/processes/texts/text_find';

const call = (run: (args: Arguments) => unknown, args: Record<string, unknown>) => run(args as Arguments);

const number = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double());
const element = fc.option(number, { nil: null });
const data = fc.array(element, { maxLength: 20 });
const flags = fc.record({ asc: fc.boolean(), nodata: fc.constantFrom(null, true, false) });

test('to sort is to rearrange by the order, labels included', () => {
  fc.assert(
    fc.property(data, flags, (values, options) => {
      const positions = call(order, { data: values, ...options });
      const sorted = call(sort, { data: values, ...options });
      expect(sorted).toEqual(call(rearrange, { data: values, order: positions }));
      const labelled = new LabeledArray([...values.keys()], values);
      const { labels, values: own } = call(sort, { data: labelled, ...options }) as LabeledArray;
      expect([labels, own]).toEqual([positions, sorted]);
    }),
  );
});

test('what is sorted rises, keeps its elements, and sorting again changes nothing', () => {
  fc.assert(
    fc.property(data, flags, (values, options) => {
      const sorted = call(sort, { data: values, ...options }) as (number | null)[];
      expect(call(sort, { data: sorted, ...options })).toEqual(sorted);
      const numbers = sorted.filter((value): value is number => value !== null && !Number.isNaN(value));
      const steps = numbers
        .slice(1)
        .map((value, k) => (options.asc ? value >= numbers[k] : value <= numbers[k]));
      expect(steps.every(Boolean)).toBe(true);
      const missing = values.filter((value) => value === null).length;
      expect(sorted).toHaveLength(options.nodata === null ? values.length - missing : values.length);
    }),
  );
});

test('what is found is there, and nothing before it', () => {
  fc.assert(
    fc.property(data, number, (values, value) => {
      const found = call(array_find, { data: values, value }) as number | null;
      expect(call(array_contains, { data: values, value })).toBe(found !== null);
      if (found !== null) {
        expect(values[found] === value).toBe(true);
        expect(call(array_find, { data: values.slice(0, found), value })).toBeNull();
      }
    }),
  );
});

test('to modify is to put the rest around the new values', () => {
  fc.assert(
    fc.property(data, data, fc.nat(20), fc.nat(25), (values, inserted, place, length) => {
      const index = Math.min(place, values.length);
      const head = call(array_concat, { array1: values.slice(0, index), array2: inserted });
      expect(call(array_modify, { data: values, values: inserted, index, length })).toEqual(
        call(array_concat, { array1: head, array2: values.slice(index + length) }),
      );
    }),
  );
});

test('filled gaps lie between their neighbours, and filling again changes nothing', () => {
  const finite = fc.array(fc.option(fc.integer({ min: -1e6, max: 1e6 }), { nil: null }), { maxLength: 20 });
  fc.assert(
    fc.property(finite, (values) => {
      const filled = call(array_interpolate_linear, { data: values }) as (number | null)[];
      expect(call(array_interpolate_linear, { data: filled })).toEqual(filled);
      const first = values.findIndex((value) => value !== null);
      const last = values.findLastIndex((value) => value !== null);
      filled.forEach((value, k) => {
        const isInside = k >= first && k <= last && first >= 0;
        expect(value !== null).toBe(isInside);
        if (values[k] !== null) expect(value).toBe(values[k]);
      });
    }),
  );
});

test('the last running sum is the sum', () => {
  const whole = fc.array(fc.option(fc.integer({ min: -1e6, max: 1e6 }), { nil: null }), { maxLength: 20 });
  fc.assert(
    fc.property(whole, (values) => {
      const sums = call(cumsum, { data: values }) as (number | null)[];
      expect(sums.findLast((value) => value !== null) ?? null).toBe(call(sum, { data: values }));
    }),
  );
});

const instant = fc
  .date({ min: new Date('1600-01-01'), max: new Date('2400-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const fixedUnit = fc.constantFrom('millisecond', 'second', 'minute', 'hour', 'day', 'week');

test('dates move by what lies between them, and back', () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: -10_000, max: 10_000 }), fixedUnit, (date, value, unit) => {
      const moved = call(date_shift, { date, value, unit });
      expect(call(date_difference, { date1: date, date2: moved, unit })).toBe(value || 0);
      expect(call(date_shift, { date: moved, value: -value, unit })).toBe(date);
    }),
  );
});

test('months and years are counted as they are added', () => {
  const early = instant.map(
    (text) => `${text.slice(0, 8)}${text.slice(8, 10) > '28' ? '28' : text.slice(8, 10)}${text.slice(10)}`,
  );
  fc.assert(
    fc.property(
      early,
      fc.integer({ min: -600, max: 600 }),
      fc.constantFrom('month', 'year'),
      (date, value, unit) => {
        const moved = call(date_shift, { date, value, unit });
        expect(call(date_difference, { date1: date, date2: moved, unit })).toBe(value || 0);
        expect(call(date_shift, { date: moved, value: -value, unit })).toBe(date);
      },
    ),
  );
});

test('differences of dates change their sign when they are swapped, and agree with the order', () => {
  const unit = fc.constantFrom('second', 'day', 'month', 'year');
  fc.assert(
    fc.property(instant, instant, unit, (date1, date2, name) => {
      const difference = call(date_difference, { date1, date2, unit: name }) as number;
      expect(call(date_difference, { date1: date2, date2: date1, unit: name })).toBe(-difference || 0);
      expect(difference >= 0).toBe(call(date_between, { x: date1, min: '0000-01-01', max: date2 }));
    }),
  );
});

test('a text contains every part of it, in any case, where it says', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (before, pattern, after, case_sensitive) => {
      const whole = `${before}${pattern}${after}`;
      expect(call(text_contains, { data: whole, pattern, case_sensitive })).toBe(true);
      const found = call(text_find, { data: whole, pattern, case_sensitive }) as number;
      expect(found).toBeLessThanOrEqual([...before].length);
      const rest = [...whole].slice(found).join('');
      expect(call(text_find, { data: rest, pattern, case_sensitive })).toBe(0);
    }),
  );
});

test('what is rounded stays as it is when it is rounded again, and whole numbers have nothing to round', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.integer({ min: -20, max: 20 }), (x, p) => {
      const rounded = call(round, { x, p });
      expect(call(round, { x: rounded, p })).toBe(rounded);
      if (Number.isInteger(x) && p >= 0) expect(rounded).toBe(x);
    }),
  );
  expect([1e300, 4.35e250].map((x) => call(round, { x, p: 5 }))).toEqual([1e300, 4.35e250]);
  expect(call(round, { x: 4.35e250, p: -2 })).toBe(4.35e250);
});

import fc from 'fast-check';
import { floatText } from '../../../src/raster/formats/float-text';

test('values of 32 bits have the shortest text that is the same value again', () => {
  expect(
    [0.1, 1 / 3, 3.4028234663852886e38, 1e-30, 16777216].map((value) => floatText(Math.fround(value))),
  ).toEqual(['0.1', '0.33333334', '3.4028235e+38', '1e-30', '16777216']);
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = floatText(value);
      expect(Math.fround(Number(text))).toBe(value === 0 ? Number(text) : value);
      if (Number.isSafeInteger(value)) return;
      expect(text.replace(/^-|\.|e.*|^0\.0*/g, '').replace(/^0+|0+$/g, '').length).toBeLessThanOrEqual(9);
    }),
  );
});

test('values of 64 bits keep all their digits', () => {
  expect(floatText(0.1)).toBe('0.1');
  expect(floatText(1 / 3)).toBe('0.3333333333333333');
});

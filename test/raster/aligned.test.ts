import fc from 'fast-check';
import { parseCrs } from '../../src/geo/crs';
import { subGrid } from '../../src/geo/grid';
import type { Grid } from '../../src/geo/types';
import { alignedOffset, takeAligned } from '../../src/raster/warp/aligned';
import { createMapping } from '../../src/raster/warp/mapping';
import { nearIndex, takeNear } from '../../src/raster/warp/near';
import type { Output, Patch } from '../../src/raster/warp/patch';

const source: Grid = {
  crs: parseCrs(32632),
  originX: 600000,
  originY: 5000000,
  resX: 10,
  resY: 10,
  width: 90,
  height: 30,
};

function emptyOutput(width: number, height: number, isMasked: boolean): Output {
  return {
    data: new Float32Array(width * height).fill(Number.NaN),
    ...(isMasked && { valid: new Uint8Array(width * height) }),
    width,
  };
}

test('pixels that lie on pixels are the same ones that the general way takes', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constant(0), fc.integer({ min: -20, max: 95 })),
      fc.integer({ min: -20, max: 35 }),
      fc.oneof(fc.constant(90), fc.integer({ min: 1, max: 100 })),
      fc.integer({ min: 1, max: 50 }),
      fc.boolean(),
      fc.boolean(),
      // Everywhere, in one row alone, and nowhere.
      fc.constantFrom(3, 99, -1),
      (column, row, width, height, isMasked, isHidden, nodata) => {
        const target = subGrid(source, column, row, width, height);
        const data = Float32Array.from({ length: 2700 }, (_, i) => (i % 11 === 0 ? Number.NaN : i % 7));
        data[1234] = 99;
        const valid = isHidden ? Uint8Array.from(data, (_, i) => (i % 5 === 0 ? 0 : 1)) : undefined;
        const patch: Patch = {
          data,
          stride: 90,
          x0: 0,
          y0: 0,
          width: 90,
          height: 30,
          ...(valid && { valid }),
        };
        const missing = { nodata, isNan: isMasked };
        const [one, other] = [emptyOutput(width, height, isMasked), emptyOutput(width, height, isMasked)];
        takeAligned(patch, alignedOffset(target, source)!, missing, one);
        takeNear(nearIndex(createMapping(target, source, 0.001), patch), patch, missing, other);
        expect(one).toEqual(other);
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  ['half a pixel aside', { ...source, originX: source.originX + 5 }],
  ['of another resolution', { ...source, resX: 20 }],
  ['of another reference system', { ...source, crs: parseCrs(32633) }],
])('grids %s do not fit', (_, target) => {
  expect(alignedOffset(target, source)).toBeUndefined();
});

import fc from 'fast-check';
import { parseCrs } from '../../src/geo/crs';
import type { Grid } from '../../src/geo/types';
import type { Plane } from '../../src/raster/codecs/planes';
import { createMapping } from '../../src/raster/warp/mapping';
import { nearIndex, sampleNear, takeNear } from '../../src/raster/warp/near';
import type { Output, Patch } from '../../src/raster/warp/patch';

const source: Grid = {
  crs: parseCrs(32632),
  originX: 600000,
  originY: 5000000,
  resX: 10,
  resY: 10,
  width: 300,
  height: 200,
};

/** A window of map tiles somewhere about the source. */
const windows = fc.record({
  originX: fc.integer({ min: 1142500, max: 1147000 }),
  originY: fc.integer({ min: 5642200, max: 5645500 }),
  resolution: fc.constantFrom(3, 14.5, 40),
  width: fc.integer({ min: 1, max: 150 }),
  height: fc.integer({ min: 1, max: 90 }),
});

const arrays = [Uint8Array, Int16Array, Uint16Array, Float32Array, Float64Array] as const;

/** Columns 20 to 270 and rows 10 to 190 of the source, in rows of 256. */
function patchOf(type: (typeof arrays)[number], isHidden: boolean): Patch {
  const data = new type(256 * 180).map((_, i) => (i * 7919) % 70001);
  if (data instanceof Float32Array) for (let i = 0; i < data.length; i += 13) data[i] = Number.NaN;
  const valid = isHidden ? Uint8Array.from(data, (_, i) => (i % 5 === 0 ? 0 : 1)) : undefined;
  return {
    data: data as Plane,
    stride: 256,
    x0: 20,
    y0: 10,
    width: 250,
    height: 180,
    ...(valid && { valid }),
  };
}

function emptyOutput(width: number, height: number, isMasked: boolean): Output {
  const data = new Float32Array(width * height).fill(Number.NaN);
  return { data, ...(isMasked && { valid: new Uint8Array(width * height) }), width };
}

describe.each(arrays)('nearest pixels of %p', (type) => {
  const [plain, hidden] = [patchOf(type, false), patchOf(type, true)];

  test.each([
    ['as they are', plain, false],
    ['in the mask form', plain, true],
    ['under a mask', hidden, true],
  ])('are the same with and without vectors, %s', (_, patch, isMasked) => {
    let taken = 0;
    fc.assert(
      fc.property(windows, fc.constantFrom(0, -3, 14, 49.5, 2 ** 24 + 1, Number.NaN), (place, nodata) => {
        const { width, height, originX, originY, resolution } = place;
        const crs = parseCrs(3857);
        const target = { crs, originX, originY, resX: resolution, resY: resolution, width, height };
        const mapping = createMapping(target, source);
        const missing = { nodata, isNan: !isMasked };
        const outputs = [0, 1, 2].map(() => emptyOutput(width, height, isMasked));
        takeNear(nearIndex(mapping, patch), patch, missing, outputs[0]);
        sampleNear(mapping, patch, missing, outputs[1]);
        // A second band of the same window.
        sampleNear(mapping, { ...patch }, missing, outputs[2]);
        taken += outputs[0].data.filter((value) => !Number.isNaN(value)).length;
        for (const output of outputs.slice(1))
          expect(Buffer.compare(bytesOf(output), bytesOf(outputs[0]))).toBe(0);
      }),
      { numRuns: 60 },
    );
    expect(taken).toBeGreaterThan(5_000);
  });
});

/** The numbers, NaN of one kind, and the mask. */
function bytesOf({ data, valid }: Output): Buffer {
  const numbers = Float32Array.from(data, (value) => (Number.isNaN(value) ? Number.NaN : value));
  return Buffer.concat([Buffer.from(numbers.buffer), valid ?? Buffer.alloc(0)]);
}

test('bands of different windows take turns', () => {
  const patch = patchOf(Uint16Array, false);
  const mappings = [0, 300].map((east) =>
    createMapping(
      {
        crs: parseCrs(3857),
        originX: 1140000 + east,
        originY: 5651000,
        resX: 14,
        resY: 14,
        width: 33,
        height: 20,
      },
      source,
    ),
  );
  const missing = { nodata: Number.NaN, isNan: true };
  const expected = mappings.map((mapping) => {
    const output = emptyOutput(33, 20, false);
    takeNear(nearIndex(mapping, patch), patch, missing, output);
    return output;
  });
  for (const turn of [0, 1, 0, 0, 1]) {
    const output = emptyOutput(33, 20, false);
    sampleNear(mappings[turn], patch, missing, output);
    expect(output).toEqual(expected[turn]);
  }
});

import fc from 'fast-check';
import { decodeLzw } from '../../src/raster/codecs/lzw';
import { decodePackBits } from '../../src/raster/codecs/packbits';
import { fromHalf } from '../../src/raster/codecs/planes';
import {
  undoFloatPredictor,
  undoHorizontalPlainly,
  undoHorizontalPredictor,
} from '../../src/raster/codecs/predictor';
import { splitFast, sumRowsFast } from '../../src/raster/codecs/predictor-simd';
import { decodeZstdWasm } from '../../src/raster/codecs/zstd';
import type { ImageLayout, SampleKind } from '../../src/raster/tiff/image';

const layout = (kind: SampleKind, bits: number, width: number, height: number) =>
  ({ kind, bits, blockWidth: width, blockHeight: height, isPlanar: false }) as ImageLayout;

/** Bytes of noise. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

const hex = (planes: readonly ArrayBufferView[]) =>
  planes.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('hex'),
  );

describe('the horizontal predictor', () => {
  const kinds: readonly (readonly [SampleKind, number])[] = [
    ['uint8', 8],
    ['int8', 8],
    ['uint16', 16],
    ['int16', 16],
    ['uint32', 32],
    ['int32', 32],
    ['float32', 32],
    ['float64', 64],
  ];

  test.each(kinds)('%s: SIMD and plain code give the same bits', (kind, bits) => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        fc.nat(40),
        (samples, blocks, height, seed, missing) => {
          const width = blocks * 8;
          const raw = noise(Math.max(0, (width * height * samples * bits) / 8 - missing), seed);
          const wanted = Array.from({ length: samples }, (_, index) => index);
          const one = undoHorizontalPredictor(layout(kind, bits, width, height), raw, samples, wanted);
          const other = undoHorizontalPlainly(layout(kind, bits, width, height), raw, samples, wanted);
          expect(hex(one)).toEqual(hex(other));
        },
      ),
    );
  });

  test.each([1, 2, 4])(
    'blocks of %d bands that are done in several pieces, of which the last is short',
    (samples) => {
      const size = layout('uint16', 16, 16384, 11);
      const raw = noise(size.blockWidth * size.blockHeight * samples * 2 - 300_000, 7);
      const wanted = samples === 1 ? [0] : [samples - 1, 1];
      expect(hex(undoHorizontalPredictor(size, raw, samples, wanted))).toEqual(
        hex(undoHorizontalPlainly(size, raw, samples, wanted)),
      );
    },
  );

  test('the SIMD code is in use here, and leaves odd widths alone', () => {
    expect(sumRowsFast(new Uint8Array(64), 16, 4, 1)).toHaveLength(64);
    expect(splitFast(new Uint8Array(8 * 8), 8, 1, 4, [3, 1])).toHaveLength(2);
    expect(splitFast(new Uint8Array(8 * 4), 8, 1, 2, [1])).toHaveLength(1);
    expect(sumRowsFast(new Uint8Array(64), 15, 4, 1)).toBeUndefined();
    expect(splitFast(new Uint8Array(64), 7, 1, 4, [0])).toBeUndefined();
  });

  test('sums are those of the differences', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 16, maxLength: 16 }),
        (values) => {
          const differences = Uint16Array.from(values, (value, i) => value - (i > 0 ? values[i - 1] : 0));
          const raw = new Uint8Array(differences.buffer);
          const [plane] = undoHorizontalPredictor(layout('uint16', 16, 16, 1), raw, 1, [0]);
          expect([...plane]).toEqual(values);
        },
      ),
    );
  });
});

test('the float predictor is undone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true }), { minLength: 12, maxLength: 12 }),
      fc.constantFrom(1, 2, 3),
      (values, samples) => {
        const width = 12 / samples;
        const numbers = Float32Array.from(values);
        const bytes = new Uint8Array(numbers.buffer);
        const planes = new Uint8Array(48);
        for (let i = 0; i < 12; i++) for (let b = 0; b < 4; b++) planes[b * 12 + i] = bytes[i * 4 + 3 - b];
        const coded = planes.map((value, i) => value - (i >= samples ? planes[i - samples] : 0));
        undoFloatPredictor(coded, width, 1, samples, 4);
        expect(coded).toEqual(bytes);
      },
    ),
  );
});

describe('small decoders', () => {
  test('PackBits: the example of its inventor', () => {
    const packed = Uint8Array.of(
      0xfe,
      0xaa,
      0x02,
      0x80,
      0x00,
      0x2a,
      0xfd,
      0xaa,
      0x03,
      0x80,
      0x00,
      0x2a,
      0x22,
      0xf7,
      0xaa,
    );
    expect(Buffer.from(decodePackBits(packed, 24)).toString('hex')).toBe(
      'aaaaaa80002aaaaaaaaa80002a22aaaaaaaaaaaaaaaaaaaa',
    );
    expect(decodePackBits(packed, 5)).toHaveLength(5);
  });

  test('LZW: the example of TIFF 6, and damage', () => {
    // Codes 256 7 258 8 8 258 6 257 in 9 bits each.
    const bits = [256, 7, 258, 8, 8, 258, 6, 257].map((code) => code.toString(2).padStart(9, '0')).join('');
    const bytes = Uint8Array.from(bits.match(/.{1,8}/g)!, (byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
    expect([...decodeLzw(bytes, 9)]).toEqual([7, 7, 7, 8, 8, 7, 7, 6]);
    const bad = [256, 400].map((code) => code.toString(2).padStart(9, '0')).join('');
    expect(() =>
      decodeLzw(
        Uint8Array.from(bad.match(/.{1,8}/g)!, (byte) => Number.parseInt(byte.padEnd(8, '0'), 2)),
        9,
      ),
    ).toThrow(/damaged/);
  });

  test('decoders of noise end, within the size that they were given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(500), (bytes, expected) => {
        expect(decodePackBits(bytes, expected).length).toBeLessThanOrEqual(expected);
        try {
          expect(decodeLzw(bytes, expected).length).toBeLessThanOrEqual(expected);
        } catch (error) {
          expect((error as Error).message).toMatch(/LZW/);
        }
      }),
    );
  });

  test('zstd without help of Node', async () => {
    // "hello hello hello hello" as one raw block.
    const text = Buffer.from('hello hello hello hello');
    const frame = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length]),
      Buffer.from([(text.length << 3) | 1, 0, 0]),
      text,
    ]);
    expect(Buffer.from(await decodeZstdWasm(frame, text.length)).toString()).toBe(text.toString());
  });

  test('half-precision floats', () => {
    expect([0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00].map(fromHalf)).toEqual([
      0,
      1,
      -2,
      65504,
      2 ** -24,
      Number.POSITIVE_INFINITY,
    ]);
    expect(fromHalf(0x7e00)).toBeNaN();
  });
});

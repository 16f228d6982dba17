import type { NumericArray } from '../../cube';

/**
 * Differences of neighbours in a row (TIFF predictor 2), in place; the arithmetic wraps at the type's width.
 * @param step samples from a pixel to the next
 */
export function predictIntegers(samples: NumericArray, rowLength: number, step: number): void {
  for (let start = 0; start < samples.length; start += rowLength)
    for (let i = start + rowLength - 1; i >= start + step; i--) samples[i] -= samples[i - step];
}

/**
 * The floating point predictor (TIFF predictor 3, Adobe Photoshop TIFF Technical Note 3): the bytes of a
 * row are sorted by significance, highest first, and each byte becomes the difference to one `step` before.
 */
export function predictFloats(
  samples: Float32Array | Float64Array,
  rowLength: number,
  step: number,
): Uint8Array {
  const size = samples.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const out = new Uint8Array(bytes.length);
  const rowBytes = rowLength * size;
  for (let start = 0; start < bytes.length; start += rowBytes) {
    for (let byte = 0; byte < size; byte++) {
      const plane = start + (size - 1 - byte) * rowLength;
      for (let i = 0, from = start + byte; i < rowLength; i++, from += size) out[plane + i] = bytes[from];
    }
    for (let i = start + rowBytes - 1; i >= start + step; i--) out[i] = out[i] - out[i - step];
  }
  return out;
}

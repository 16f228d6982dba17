import type { ImageLayout } from '../tiff/image';
import { inflateBlock } from './decompress';
import { decodeZstd } from './zstd';

let library: Promise<typeof import('lerc')> | undefined;

function loadLerc() {
  library ??= import('lerc').then(async (module) => {
    // Bundled as CommonJS under one loader and as a module under the other.
    const lerc = ((module as { default?: typeof import('lerc') }).default ?? module) as typeof import('lerc');
    await lerc.load();
    return lerc;
  });
  return library;
}

/** A LERC block: pixels with bands interleaved, as other codecs leave them. Masked pixels of float images become NaN. */
export async function decodeLerc(
  layout: ImageLayout,
  bytes: Uint8Array,
  expected: number,
): Promise<Uint8Array> {
  // A LERC blob is at most its raw size and a header.
  const limit = expected + 64 * 1024;
  let blob = bytes;
  if (layout.lercCompression === 1) blob = await inflateBlock(bytes, limit);
  else if (layout.lercCompression === 2) blob = await decodeZstd(bytes, limit);
  const lerc = await loadLerc();
  const info = lerc.getBlobInfo(blob);
  if (info.width > layout.blockWidth || info.height > layout.blockHeight)
    throw new Error('a LERC block has another size than the file says');
  const { pixels, mask, width, height, depthCount } = lerc.decode(blob, { returnInterleaved: true });
  const samples = layout.isPlanar ? 1 : layout.samples;
  const bands = pixels.length * depthCount;
  if (bands !== samples) throw new Error('a LERC block has another number of bands than the file says');
  const first = pixels[0];
  const isFloat = first instanceof Float32Array || first instanceof Float64Array;
  if (mask && isFloat)
    for (let i = 0; i < mask.length; i++)
      if (mask[i] === 0)
        for (const plane of pixels) plane.fill(Number.NaN, i * depthCount, (i + 1) * depthCount);
  if (pixels.length === 1) return new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
  const joined = new (first.constructor as Uint8ArrayConstructor)(width * height * samples);
  for (let band = 0; band < samples; band++)
    for (let i = 0, to = band; i < width * height; i++, to += samples) joined[to] = pixels[band][i];
  return new Uint8Array(joined.buffer);
}

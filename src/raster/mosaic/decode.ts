import sharp from 'sharp';
import { unreadable } from '../bytes/unreadable';

/** Red, green, blue and, unless all of it is opaque, opacity; 0 to 255. */
export type Planes = readonly Uint8Array[];

/** Samples side by side as planes. Grey is red, green and blue alike. */
function separate(data: Uint8Array, channels: number): Planes {
  const count = data.length / channels;
  const planes = Array.from({ length: channels }, () => new Uint8Array(count));
  for (let channel = 0; channel < channels; channel++) {
    const plane = planes[channel];
    for (let pixel = 0, at = channel; pixel < count; pixel++, at += channels) plane[pixel] = data[at];
  }
  const [grey] = planes;
  const colours = channels < 3 ? [grey, grey, grey] : planes.slice(0, 3);
  const opacity = channels === 2 || channels === 4 ? planes[channels - 1] : undefined;
  return opacity === undefined || isOpaque(opacity) ? colours : [...colours, opacity];
}

function isOpaque(plane: Uint8Array): boolean {
  for (let i = 0; i < plane.length; i++) if (plane[i] !== 255) return false;
  return true;
}

/**
 * Decodes a picture to the wanted width and height.
 * @throws OpenEOError `SourceUnreadable`
 */
export async function decodePicture(bytes: Uint8Array, sizePx: number, name: string): Promise<Planes> {
  try {
    const image = sharp(bytes, { sequentialRead: true }).toColourspace('srgb');
    const { width, height } = await image.metadata();
    if (width !== sizePx || height !== sizePx)
      image.resize(sizePx, sizePx, { fit: 'fill', kernel: width < sizePx ? 'nearest' : 'lanczos3' });
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return separate(data, info.channels);
  } catch (error) {
    throw unreadable(name, `it cannot be decoded: ${(error as Error).message}`, error);
  }
}

/** Averages squares of `factor`² pixels, of those of them that are not fully transparent. */
export function shrink(planes: Planes, sizePx: number, factor: number): Planes {
  const [red, , , opacity] = planes;
  const size = sizePx / factor;
  if (factor === 1) return planes;
  // Grey pictures have the same plane three times.
  const isGrey = planes[1] === red;
  const averaged = planes
    .slice(0, isGrey ? 1 : 3)
    .map((plane) => shrinkPlane(plane, opacity, sizePx, factor, new Uint8Array(size * size)));
  const colours = isGrey ? [averaged[0], averaged[0], averaged[0]] : averaged;
  if (!opacity) return colours;
  return [...colours, shrinkPlane(opacity, undefined, sizePx, factor, new Uint8Array(size * size))];
}

function shrinkPlane(
  plane: Uint8Array,
  opacity: Uint8Array | undefined,
  sizePx: number,
  factor: number,
  out: Uint8Array,
): Uint8Array {
  const size = sizePx / factor;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      let sum = 0;
      let count = 0;
      for (let y = row * factor; y < (row + 1) * factor; y++)
        for (let at = y * sizePx + column * factor, end = at + factor; at < end; at++) {
          if (opacity !== undefined && opacity[at] === 0) continue;
          sum += plane[at];
          count++;
        }
      // What is hardly there must not become what is not there.
      out[row * size + column] = Math.round(sum / count) || (sum > 0 ? 1 : 0);
    }
  return out;
}

import { OpenEOError } from '../../base/errors';
import type { BandInfo } from '../cube';
import type { Pixels, Raster } from './layers';
import type { FormatParameters } from './options';

/** Options that PNG, JPEG and WEBP share. */
export interface PictureOptions {
  readonly stretch: 'none' | 'statistics';
  readonly range: readonly [number, number] | null;
}

export const pictureParameters = {
  stretch: {
    type: 'string',
    enum: ['none', 'statistics'],
    default: 'none',
    description:
      'How values become brightness. "none": they are taken as 0 to 255 already (after linear_scale_range, ' +
      'say), rounded and cut off. "statistics": each band is stretched over the range that its collection ' +
      'states, and bands that are named red, green and blue are drawn as such whatever their order.',
  },
  range: {
    type: ['array', 'null'],
    items: { type: 'number' },
    minItems: 2,
    maxItems: 2,
    default: null,
    description: 'The values to draw as black and as white, for example [0, 0.3]; goes before "stretch".',
  },
} as const satisfies FormatParameters;

/** A layer and the values that are black and white in it. */
interface Channel {
  readonly layer: number;
  readonly low: number;
  readonly high: number;
}

/** How layers become the channels of a picture. */
export interface ChannelPlan {
  readonly colours: readonly Channel[];
  /** A layer that holds opacity. */
  readonly alpha?: Channel;
  /** 255 or 65535. */
  readonly white: number;
}

function notRenderable(reason: string): OpenEOError {
  return new OpenEOError('ResultNotRenderable', { reason });
}

function chooseLayers(raster: Raster, isAutomatic: boolean): { colours: number[]; alpha?: number } {
  const several = raster.dimensions.filter((dimension) => (dimension.labels?.length ?? 1) > 1);
  const wrong = several.find((dimension) => dimension.type !== 'bands' && dimension.type !== 'other');
  if (wrong)
    throw notRenderable(
      `the dimension ${wrong.name} has ${wrong.labels?.length} labels and a picture shows one; ` +
        'reduce it (reduce_dimension) or keep a single label.',
    );
  const count = raster.layers.length;
  if (isAutomatic && count <= 4) {
    const named = ['red', 'green', 'blue'].map((colour) =>
      raster.layers.findIndex((layer) => layer.band?.commonName === colour),
    );
    if (named.every((layer) => layer >= 0)) return { colours: named };
  }
  if (count === 1) return { colours: [0] };
  if (count === 2) return { colours: [0], alpha: 1 };
  if (count === 3) return { colours: [0, 1, 2] };
  if (count === 4) return { colours: [0, 1, 2], alpha: 3 };
  throw notRenderable(
    `it has ${count} bands and a picture shows one to four; choose them with filter_bands or reduce_dimension.`,
  );
}

/**
 * Decides which layers are drawn and how values become brightness: one layer is grey, two are grey and
 * opacity, three are red, green and blue, four add opacity.
 * @throws OpenEOError `ResultNotRenderable` for more layers, several dates, and a stretch without statistics
 */
export function planChannels(raster: Raster, options: PictureOptions, white: number): ChannelPlan {
  const isAutomatic = options.stretch === 'statistics' && !options.range;
  const chosen = chooseLayers(raster, isAutomatic);
  const { dataType } = raster.cube;
  const full = dataType === 'boolean' ? 1 : dataType === 'uint8' && isAutomatic ? 255 : white;
  const asIs = { low: 0, high: full };
  const scale = (band: BandInfo | undefined, name: string) => {
    if (options.range) return { low: options.range[0], high: options.range[1] };
    if (!isAutomatic || dataType === 'boolean') return asIs;
    if (band?.statistics) return { low: band.statistics.minimum, high: band.statistics.maximum };
    if (dataType === 'uint8') return asIs;
    throw notRenderable(
      `the range of ${name ? `the band ${name}` : 'its values'} is not known; colour it with ` +
        'colormap, or end the graph with save_result: with values from 0 to 255 (linear_scale_range), or with its option "range".',
    );
  };
  const channel = (layer: number) => ({
    layer,
    ...scale(raster.layers[layer].band, raster.layers[layer].name),
  });
  // Opacity has no statistics to be stretched over.
  return {
    colours: chosen.colours.map(channel),
    alpha: chosen.alpha === undefined ? undefined : { layer: chosen.alpha, ...asIs },
    white,
  };
}

/** Interleaved samples: the colours and then opacity. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 or 3. */
  readonly colours: number;
  readonly samples: Uint8Array | Uint16Array;
  readonly isOpaque: boolean;
  readonly hasData: boolean;
}

/** Draws one area. A pixel without a value in any of its colours is transparent. */
export function drawChannels(pixels: Pixels, width: number, height: number, plan: ChannelPlan): Picture {
  const count = width * height;
  const colours = plan.colours.length;
  const stride = colours + 1;
  const { white } = plan;
  const samples = white === 255 ? new Uint8Array(count * stride) : new Uint16Array(count * stride);
  const { data, valid } = pixels;
  for (let out = colours; out < samples.length; out += stride) samples[out] = white;
  plan.colours.forEach(({ layer, low, high }, channel) => {
    const base = layer * count;
    const isAsIs = low === 0 && high === white;
    const span = high - low;
    for (let pixel = 0, out = channel; pixel < count; pixel++, out += stride) {
      const value = data[base + pixel];
      if (Number.isNaN(value) || (valid !== undefined && valid[base + pixel] === 0)) {
        samples[out - channel + colours] = 0;
        continue;
      }
      const bright = isAsIs ? value : ((value - low) / span) * white;
      samples[out] = bright <= 0 ? 0 : bright >= white ? white : (bright + 0.5) | 0;
    }
  });
  if (plan.alpha) {
    const base = plan.alpha.layer * count;
    const { high } = plan.alpha;
    for (let pixel = 0, out = colours; pixel < count; pixel++, out += stride) {
      if (samples[out] === 0) continue;
      const value = data[base + pixel];
      const missing = Number.isNaN(value) || (valid !== undefined && valid[base + pixel] === 0);
      const alpha = missing ? 0 : high === white ? value : (value / high) * white;
      samples[out] = alpha <= 0 ? 0 : alpha >= white ? white : (alpha + 0.5) | 0;
    }
  }
  let isOpaque = true;
  let hasData = false;
  for (let out = colours; out < samples.length; out += stride) {
    if (samples[out] !== white) isOpaque = false;
    if (samples[out] !== 0) hasData = true;
    else samples.fill(0, out - colours, out);
  }
  return { width, height, colours, samples, isOpaque, hasData };
}

/** The same picture without its opacity. */
export function dropAlpha(picture: Picture): Uint8Array | Uint16Array {
  const { colours, samples } = picture;
  const count = picture.width * picture.height;
  const target =
    samples instanceof Uint8Array ? new Uint8Array(count * colours) : new Uint16Array(count * colours);
  if (colours === 1) for (let pixel = 0; pixel < count; pixel++) target[pixel] = samples[pixel * 2];
  else
    for (let pixel = 0, from = 0, to = 0; pixel < count; pixel++, from += 4, to += 3) {
      target[to] = samples[from];
      target[to + 1] = samples[from + 1];
      target[to + 2] = samples[from + 2];
    }
  return target;
}

import { OpenEOError } from '../../base/errors';
import type { Indexed } from '../cube';
import { recycle } from '../recycled';
import { drawChannels, dropAlpha, type PictureOptions, pictureParameters, planChannels } from './channels';
import { type Raster, rasterOf } from './layers';
import { type FormatParameters, readOptions } from './options';
import { colourType } from './png/rows';
import { encodePng, encodePngStrips } from './png/stream';
import { readStrips, stripRows } from './strips';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

const parameters = {
  ...pictureParameters,
  depth: {
    type: 'integer',
    enum: [8, 16],
    default: 8,
    description: 'Bits per channel. With 16 and without a stretch, values are taken as 0 to 65535.',
  },
  zlevel: {
    type: 'integer',
    minimum: 0,
    maximum: 9,
    default: 1,
    description: 'Compression from 0 (none) and 1 (fast) to 9 (small and slow).',
  },
} as const satisfies FormatParameters;

interface PngFormatOptions extends PictureOptions {
  readonly depth: 8 | 16;
  readonly zlevel: number;
}

const file = { mediaType: 'image/png', extension: '.png' } as const;

function hasVisible(indices: Uint8Array, palette: Uint8Array): boolean {
  const visible = new Uint8Array(256);
  for (let entry = 0; entry * 4 < palette.length; entry++) visible[entry] = palette[entry * 4 + 3] ? 1 : 0;
  for (const index of indices) if (visible[index]) return true;
  return false;
}

/** A picture drawn from palette indices: a quarter of RGBA's bytes to compress. */
async function encodeIndexed(
  indexed: Indexed,
  raster: Raster,
  level: number,
  signal: AbortSignal,
): Promise<Encoded> {
  const { grid } = raster;
  const indices = await indexed.read({ grid }, signal);
  const { palette } = indexed;
  const entries = palette.length / 4;
  const depth = entries <= 2 ? 1 : entries <= 4 ? 2 : entries <= 16 ? 4 : 8;
  const header = {
    width: grid.width,
    height: grid.height,
    depth,
    colourType: colourType.indexed,
    palette,
  } as const;
  const body = await encodePng(header, indices, { level });
  const hasData = hasVisible(indices, palette);
  recycle(indices);
  return { ...file, body, hasData };
}

async function encodeSamples(
  raster: Raster,
  options: PngFormatOptions,
  signal: AbortSignal,
): Promise<Encoded> {
  const { width, height } = raster.grid;
  const plan = planChannels(raster, options, options.depth === 16 ? 65535 : 255);
  const level = { level: options.zlevel };
  const header = (colours: number, hasAlpha: boolean) => ({
    width,
    height,
    depth: options.depth,
    colourType:
      colours === 1
        ? hasAlpha
          ? colourType.greyAlpha
          : colourType.grey
        : hasAlpha
          ? colourType.rgba
          : colourType.rgb,
  });
  const strips = readStrips(raster, signal);
  if (stripRows(raster) === height) {
    for await (const { pixels } of strips) {
      const picture = drawChannels(pixels, width, height, plan);
      const samples = picture.isOpaque ? dropAlpha(picture) : picture.samples;
      const body = await encodePng(header(picture.colours, !picture.isOpaque), samples, level);
      return { ...file, body, hasData: picture.hasData };
    }
  }
  // Whether later strips need opacity can't be known when the first is written.
  let hasData = false;
  async function* samples() {
    for await (const { area, pixels } of strips) {
      const picture = drawChannels(pixels, width, area.height, plan);
      hasData ||= picture.hasData;
      yield picture.samples;
    }
  }
  const body = await encodePngStrips(header(plan.colours.length, true), samples(), level);
  return { ...file, body, hasData };
}

/** Portable Network Graphics, written by our own encoder. */
export const png: OutputFormat = {
  name: 'PNG',
  title: 'PNG picture',
  description:
    'A lossless picture of one layer (grey), two (grey and opacity), three (red, green, blue) or four ' +
    '(with opacity). Pixels without data are transparent. Results of colormap are written with a palette.',
  holds: 'pixels',
  gisDataTypes: ['raster'],
  parameters,
  ...file,
  isStreamed: true,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<PngFormatOptions>('PNG', parameters, request.options);
    const raster = rasterOf(data, request, 'PNG');
    if (raster.grid.width > 0x7fffffff || raster.grid.height > 0x7fffffff)
      throw new OpenEOError('ResultNotRenderable', { reason: 'it is too wide or too high for PNG.' });
    if (raster.cube.indexed && options.depth === 8 && !options.range)
      return encodeIndexed(raster.cube.indexed, raster, options.zlevel, request.signal);
    return encodeSamples(raster, options, request.signal);
  },
};

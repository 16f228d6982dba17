import { OpenEOError } from '../../base/errors';
import { recycle } from '../recycled';
import { drawChannels, dropAlpha, type Picture, type PictureOptions, planChannels } from './channels';
import { expandIndices } from './expand-indices';
import { type Raster, rasterOf } from './layers';
import { readStrips } from './strips';
import type { EncodeRequest } from './types';

async function drawIndexed(raster: Raster, signal: AbortSignal): Promise<Picture> {
  const { width, height } = raster.grid;
  const { palette, read } = raster.cube.indexed!;
  const indices = await read({ grid: raster.grid }, signal);
  const colours = expandIndices(indices, palette);
  recycle(indices);
  return { width, height, colours: 3, ...colours };
}

/** What encoders that want the whole picture at once take, 8 bits a channel. */
export interface RawPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly samples: Uint8Array;
  readonly hasData: boolean;
}

/**
 * Draws a whole cube with 8 bits a channel, the last of which is opacity.
 * @throws OpenEOError `ResultNotRenderable`, `ProcessGraphComplexity`
 */
export async function drawWithOpacity(
  data: unknown,
  request: EncodeRequest,
  format: string,
  options: PictureOptions,
): Promise<Picture> {
  const raster = rasterOf(data, request, format);
  if (raster.cube.indexed && !options.range) return drawIndexed(raster, request.signal);
  const { width, height } = raster.grid;
  const plan = planChannels(raster, options, 255);
  const stride = plan.colours.length + 1;
  const samples = new Uint8Array(width * height * stride);
  let isOpaque = true;
  let hasData = false;
  for await (const { area, pixels } of readStrips(raster, request.signal)) {
    const part = drawChannels(pixels, width, area.height, plan);
    samples.set(part.samples, area.row * width * stride);
    isOpaque &&= part.isOpaque;
    hasData ||= part.hasData;
  }
  return { width, height, colours: stride - 1, samples, isOpaque, hasData };
}

/**
 * Draws a whole cube with 8 bits a channel.
 * @param maxSide the format's limit in pixels
 * @throws OpenEOError `ResultNotRenderable`, `ProcessGraphComplexity`
 */
export async function drawPicture(
  data: unknown,
  request: EncodeRequest,
  format: string,
  maxSide: number,
  options: PictureOptions,
): Promise<RawPicture> {
  const { width, height } = rasterOf(data, request, format).grid;
  if (width > maxSide || height > maxSide)
    throw new OpenEOError('ResultNotRenderable', {
      reason: `${format} has at most ${maxSide} pixels a side and this is ${width} × ${height}; use PNG or GTiff.`,
    });
  const picture = await drawWithOpacity(data, request, format, options);
  const channels = picture.colours + (picture.isOpaque ? 0 : 1);
  const samples = picture.isOpaque ? dropAlpha(picture) : picture.samples;
  if (samples !== picture.samples) recycle(picture.samples);
  return {
    width,
    height,
    channels: channels as RawPicture['channels'],
    samples: samples as Uint8Array,
    hasData: picture.hasData,
  };
}

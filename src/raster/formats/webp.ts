import sharp from 'sharp';
import { recycle } from '../recycled';
import { type PictureOptions, pictureParameters } from './channels';
import { type FormatParameters, readOptions } from './options';
import { drawPicture } from './picture';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

sharp.concurrency(1);

const parameters = {
  ...pictureParameters,
  quality: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 80,
    description: 'From 1 (small) to 100 (close to the original). Without meaning where "lossless" is true.',
  },
  lossless: { type: 'boolean', default: false, description: 'Keeps every pixel as it is.' },
} as const satisfies FormatParameters;

interface WebpOptions extends PictureOptions {
  readonly quality: number;
  readonly lossless: boolean;
}

const file = { mediaType: 'image/webp', extension: '.webp' } as const;

/** WebP, through libvips. */
export const webp: OutputFormat = {
  name: 'WEBP',
  title: 'WebP picture',
  description: 'A small picture of one to four layers as in PNG, with or without losses and with opacity.',
  holds: 'pixels',
  gisDataTypes: ['raster'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<WebpOptions>('WEBP', parameters, request.options);
    const picture = await drawPicture(data, request, 'WEBP', 16383, options);
    const { width, height, channels } = picture;
    const image = sharp(picture.samples, { raw: { width, height, channels }, limitInputPixels: false });
    // Effort 0 encodes tiles about three times as fast as the default, for a few percent more bytes.
    const body = await image
      .webp({ quality: options.quality, lossless: options.lossless, effort: 0 })
      .toBuffer();
    recycle(picture.samples);
    return { ...file, body, hasData: picture.hasData };
  },
};

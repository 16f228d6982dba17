import sharp from 'sharp';
import { recycle } from '../recycled';
import { type PictureOptions, pictureParameters } from './channels';
import { type FormatParameters, readOptions } from './options';
import { drawPicture } from './picture';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

// One picture per request keeps a core busy already; more threads each would only queue.
sharp.concurrency(1);

const parameters = {
  ...pictureParameters,
  quality: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 85,
    description: 'From 1 (small) to 100 (close to the original).',
  },
  background: {
    type: 'string',
    pattern: '^#[0-9a-fA-F]{6}$',
    default: '#ffffff',
    description: 'The colour of pixels without data, which JPEG cannot leave transparent.',
  },
} as const satisfies FormatParameters;

interface JpegOptions extends PictureOptions {
  readonly quality: number;
  readonly background: string;
}

const file = { mediaType: 'image/jpeg', extension: '.jpg' } as const;

/** JPEG, through libvips. */
export const jpeg: OutputFormat = {
  name: 'JPEG',
  aliases: ['JPG'],
  title: 'JPEG picture',
  description: 'A small picture with losses of one layer (grey) or three (red, green, blue).',
  holds: 'pixels',
  gisDataTypes: ['raster'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<JpegOptions>('JPEG', parameters, request.options);
    const picture = await drawPicture(data, request, 'JPEG', 65535, options);
    const { width, height, channels } = picture;
    let image = sharp(picture.samples, { raw: { width, height, channels }, limitInputPixels: false });
    if (channels === 2 || channels === 4) image = image.flatten({ background: options.background });
    const body = await image.jpeg({ quality: options.quality }).toBuffer();
    recycle(picture.samples);
    return { ...file, body, hasData: picture.hasData };
  },
};

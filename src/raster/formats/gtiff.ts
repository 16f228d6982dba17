import { createAreaReader } from './area-reader';
import { writeTiff } from './gtiff/write';
import { hasValue, layerGroups, rasterOf } from './layers';
import { type FormatParameters, readOptions } from './options';
import type { SampleType } from './samples';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

const parameters = {
  compression: {
    type: 'string',
    enum: ['deflate', 'none'],
    default: 'deflate',
    description: 'How tiles are compressed. "deflate" comes with a predictor that suits the data type.',
  },
  level: {
    type: 'integer',
    minimum: 1,
    maximum: 9,
    default: 6,
    description: 'Deflate from 1 (fast) to 9 (small and slow).',
  },
  tile_size: {
    type: 'integer',
    enum: [128, 256, 512, 1024],
    default: 512,
    description: 'Pixels a side of the tiles inside the file.',
  },
  overviews: {
    type: 'string',
    enum: ['auto', 'average', 'nearest', 'none'],
    default: 'auto',
    description:
      'Smaller copies inside the file, by averaging or by taking every second pixel (for classes). ' +
      '"auto" averages floating point numbers and takes every second pixel of integers.',
  },
} as const satisfies FormatParameters;

interface TiffOptions {
  readonly compression: 'deflate' | 'none';
  readonly level: number;
  readonly tile_size: number;
  readonly overviews: 'auto' | 'average' | 'nearest' | 'none';
}

/** Values that one read of a tile may bring. */
const groupValues = 4 << 20;

const file = {
  mediaType: 'image/tiff; application=geotiff; profile=cloud-optimized',
  extension: '.tif',
  isStreamed: true,
} as const;

/** Cloud Optimized GeoTIFF, written by our own encoder. */
export const gtiff: OutputFormat = {
  name: 'GTiff',
  aliases: ['COG', 'GeoTIFF'],
  title: 'Cloud Optimized GeoTIFF',
  description:
    'Values as they are with their place on Earth, in tiles with overviews. Each combination of labels ' +
    '(dates, bands) is a band of the file, described by its labels.',
  holds: 'pixels',
  gisDataTypes: ['raster'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<TiffOptions>('GTiff', parameters, request.options);
    const raster = rasterOf(data, request, 'GTiff');
    const { cube, layers, grid } = raster;
    const sampleType = (cube.dataType === 'boolean' ? 'uint8' : cube.dataType) as SampleType;
    const isFloat = sampleType === 'float32' || sampleType === 'float64';
    const isPicture = cube.indexed !== undefined && sampleType === 'uint8' && [3, 4].includes(layers.length);
    // A small scene has one tile; it is not padded to the size of those of large ones. TIFF wants multiples of 16.
    const side = Math.ceil(Math.max(grid.width, grid.height) / 16) * 16;
    const tileSize = Math.min(options.tile_size, side);
    const groups = layerGroups(raster, Math.max(1, Math.floor(groupValues / tileSize ** 2)));
    const read = createAreaReader(raster, request.signal);
    let hasData = false;
    const tiff = await writeTiff({
      grid,
      layers,
      groups,
      sampleType,
      nodata: cube.nodata,
      isPicture,
      tileSize,
      interleave: groups.length === 1 && layers.length <= 4 ? 'pixel' : 'band',
      overviews: options.overviews === 'auto' ? (isFloat ? 'average' : 'nearest') : options.overviews,
      compression: options.compression,
      level: options.level,
      signal: request.signal,
      read: async (area, group) => {
        const pixels = await read(area, group);
        hasData ||= hasValue(pixels);
        return pixels;
      },
    });
    return { ...file, body: tiff.body, hasData };
  },
};

/** A file as GDAL shall make it. */
export interface Case {
  readonly name: string;
  readonly epsg: number;
  readonly center: readonly [number, number];
  readonly res: number;
  readonly size: readonly [number, number];
  readonly dtype: string;
  readonly nodata?: string;
  readonly bands: number;
  readonly options?: readonly string[];
  readonly driver?: string;
  readonly point?: boolean;
  readonly mask?: boolean;
  /** How far stored pixels may be from those that were written (lossy compression). */
  readonly lossy?: boolean;
}

const laea = { epsg: 3035, center: [10.5, 48.5], res: 25 } as const;
const south = { epsg: 32719, center: [-70.2, -33.1], res: 20 } as const;
const degrees = { epsg: 4326, center: [12.3, 41.9], res: 0.0008 } as const;
const polar = { epsg: 3413, center: [-50, 72], res: 100 } as const;
const swiss = { epsg: 2056, center: [8.3, 46.9], res: 10 } as const;

const tiled = (side: number) => ['TILED=YES', `BLOCKXSIZE=${side}`, `BLOCKYSIZE=${side}`];
const cog = (...options: string[]) => ({ driver: 'COG', options: [...options, 'BLOCKSIZE=128'] });

/** Files as they come: of many reference systems, types, layouts and compressions. */
export const cases: readonly Case[] = [
  {
    name: 'laea-uint8-deflate',
    ...{ ...laea, size: [201, 157], dtype: 'uint8', nodata: '0', bands: 3 },
    ...cog('COMPRESS=DEFLATE', 'PREDICTOR=YES'),
  },
  {
    name: 'south-int16-lzw',
    ...{ ...south, size: [160, 233], dtype: 'int16', nodata: '-32768', bands: 2 },
    ...cog('COMPRESS=LZW', 'PREDICTOR=YES'),
  },
  {
    name: 'degrees-float32-zstd',
    ...{ ...degrees, size: [211, 149], dtype: 'float32', nodata: 'nan', bands: 1 },
    ...cog('COMPRESS=ZSTD', 'PREDICTOR=YES'),
  },
  {
    name: 'polar-float64',
    ...{ ...polar, size: [190, 170], dtype: 'float64', nodata: '-9999', bands: 1 },
    ...cog('COMPRESS=DEFLATE', 'PREDICTOR=YES'),
  },
  {
    name: 'swiss-uint16',
    ...{ ...swiss, size: [199, 188], dtype: 'uint16', nodata: '65535', bands: 4 },
    ...cog('COMPRESS=DEFLATE', 'PREDICTOR=YES'),
  },
  {
    name: 'strips-planar-int32',
    ...{ ...laea, size: [203, 151], dtype: 'int32', nodata: '7', bands: 3 },
    options: ['INTERLEAVE=BAND', 'COMPRESS=DEFLATE', 'BLOCKYSIZE=17'],
  },
  {
    name: 'strips-uint32-packbits',
    ...{ ...south, size: [203, 151], dtype: 'uint32', bands: 2 },
    options: ['COMPRESS=PACKBITS'],
  },
  {
    name: 'raw-big-strip',
    ...{ ...swiss, size: [500, 700], dtype: 'float32', nodata: '-9999', bands: 1 },
    options: ['BLOCKYSIZE=700'],
  },
  {
    name: 'raw-planar-strips',
    ...{ ...swiss, size: [701, 380], dtype: 'uint16', nodata: '0', bands: 2 },
    options: ['INTERLEAVE=BAND', 'BLOCKYSIZE=380'],
  },
  {
    name: 'big-endian',
    ...{ ...laea, size: [203, 151], dtype: 'uint16', nodata: '0', bands: 2 },
    options: ['ENDIANNESS=BIG', ...tiled(64), 'COMPRESS=DEFLATE', 'PREDICTOR=2'],
  },
  {
    name: 'big-endian-float',
    ...{ ...laea, size: [203, 151], dtype: 'float32', nodata: '-1', bands: 2 },
    options: ['ENDIANNESS=BIG', 'COMPRESS=LZW', 'PREDICTOR=2'],
  },
  {
    name: 'bigtiff',
    ...{ ...south, size: [203, 151], dtype: 'int16', nodata: '0', bands: 1 },
    options: ['BIGTIFF=YES', 'TILED=YES', 'COMPRESS=LZW', 'PREDICTOR=2'],
  },
  {
    name: 'float32-horizontal',
    ...{ ...degrees, size: [150, 201], dtype: 'float32', nodata: '-3.4028234663852886e+38', bands: 2 },
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=2', ...tiled(64)],
  },
  {
    name: 'float64-horizontal',
    ...{ ...degrees, size: [150, 201], dtype: 'float64', bands: 2 },
    options: ['COMPRESS=DEFLATE', 'PREDICTOR=2', ...tiled(64)],
  },
  {
    name: 'point',
    ...{ ...laea, size: [203, 151], dtype: 'uint8', nodata: '0', bands: 1, point: true },
    options: ['COMPRESS=LZW'],
  },
  {
    name: 'masked',
    ...{ ...swiss, size: [219, 143], dtype: 'uint8', bands: 3, mask: true },
    ...cog('COMPRESS=DEFLATE'),
  },
  {
    name: 'lerc',
    ...{ ...laea, size: [203, 151], dtype: 'float32', nodata: '-9999', bands: 2 },
    options: ['COMPRESS=LERC', ...tiled(64)],
  },
  {
    name: 'lerc-zstd',
    ...{ ...laea, size: [203, 151], dtype: 'uint16', nodata: '0', bands: 1 },
    options: ['COMPRESS=LERC_ZSTD', ...tiled(64)],
  },
  {
    name: 'lerc-deflate',
    ...{ ...laea, size: [203, 151], dtype: 'int16', nodata: '0', bands: 3 },
    options: ['COMPRESS=LERC_DEFLATE', ...tiled(64)],
  },
  {
    name: 'jpeg-ycbcr',
    ...{ ...swiss, size: [219, 143], dtype: 'uint8', bands: 3, lossy: true },
    options: ['COMPRESS=JPEG', 'PHOTOMETRIC=YCBCR', ...tiled(128), 'JPEG_QUALITY=95'],
  },
  {
    name: 'jpeg-rgb',
    ...{ ...swiss, size: [219, 143], dtype: 'uint8', bands: 3, lossy: true },
    options: ['COMPRESS=JPEG', 'PHOTOMETRIC=RGB', ...tiled(128), 'JPEG_QUALITY=95'],
  },
  {
    name: 'jpeg-gray',
    ...{ ...swiss, size: [219, 143], dtype: 'uint8', bands: 1, lossy: true },
    options: ['COMPRESS=JPEG', 'JPEG_QUALITY=95'],
  },
  {
    name: 'webp',
    ...{ ...swiss, size: [219, 143], dtype: 'uint8', bands: 3, lossy: true },
    ...cog('COMPRESS=WEBP', 'QUALITY=100'),
  },
];

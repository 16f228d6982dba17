import sharp, { type Metadata } from 'sharp';
import { OpenEOError } from '../../../base/errors';
import { gridForBounds } from '../../../geo/grid';
import type { Cube, Dimension, NumericArray } from '../../cube';
import { memoryCube } from '../../memory-cube';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import { assembleCube } from './assemble';
import { refuseMany } from './limits';
import { crsParameter, readAll, readCrs } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';
import { contentVersion } from './version';

const parameters = {
  bounds: {
    type: ['array', 'null'],
    items: { type: 'number' },
    minItems: 4,
    maxItems: 4,
    default: null,
    description:
      'Where the picture is: west, south, east, north of its outer edges, in the units of "crs". Without them x and y ' +
      'are numbered pixels, from the left and from the top.',
  },
  crs: {
    ...crsParameter,
    default: 4326,
    description: 'The reference system of "bounds": an EPSG code or WKT.',
  },
} as const;

interface PictureInputOptions {
  readonly bounds: readonly [number, number, number, number] | null;
  readonly crs: number | string | null;
}

const maxBytes = 128 << 20;

interface Decoded {
  readonly width: number;
  readonly height: number;
  /** Colours, one plane after another. */
  readonly planes: NumericArray;
  readonly colours: 1 | 3;
  /** 0 where the picture is transparent. */
  readonly valid?: Uint8Array;
}

/** Whether 16 bits are needed for a channel. */
function isDeep({ depth }: Metadata): boolean {
  return depth !== 'uchar';
}

async function decode(
  bytes: Uint8Array,
  kind: string,
  file: InputFile,
  { maxValues, claim }: LoadRequest,
): Promise<Decoded> {
  const image = sharp(bytes, { limitInputPixels: false, failOn: 'error' });
  const metadata = await image.metadata();
  if (metadata.format !== kind) throw new Error(`it is ${metadata.format}`);
  const { width, height, channels } = metadata;
  refuseMany(width * height * channels, maxValues, file.name);
  // As it is decoded, and as planes: up to 16 bits each.
  await claim?.(width * height * channels * 4);
  const isGrey = /^(b-w|grey16)$/.test(metadata.space);
  const deep = isDeep(metadata);
  const space = isGrey ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb';
  const { data, info } = await image
    .toColourspace(space)
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  const pixels = width * height;
  const colours = info.channels >= 3 ? 3 : 1;
  const planes = deep ? new Uint16Array(pixels * colours) : new Uint8Array(pixels * colours);
  for (let colour = 0; colour < colours; colour++)
    for (let pixel = 0, at = colour; pixel < pixels; pixel++, at += info.channels)
      planes[colour * pixels + pixel] = samples[at];
  if (info.channels === colours) return { width, height, planes, colours };
  const valid = new Uint8Array(pixels * colours);
  for (let pixel = 0; pixel < pixels; pixel++)
    if (samples[pixel * info.channels + colours] !== 0)
      for (let colour = 0; colour < colours; colour++) valid[colour * pixels + pixel] = 1;
  return { width, height, planes, colours, valid };
}

const range = (length: number) => Array.from({ length }, (_, index) => index);

function cubeOf(decoded: Decoded, options: PictureInputOptions, version: string): Cube {
  const { width, height, planes, colours, valid } = decoded;
  const dataType = planes instanceof Uint16Array ? 'uint16' : 'uint8';
  const names = colours === 3 ? ['red', 'green', 'blue'] : ['grey'];
  const bands: Dimension = {
    type: 'bands',
    name: 'bands',
    labels: names,
    ...(colours === 3 && { bands: names.map((name) => ({ name, commonName: name })) }),
  };
  const common = { data: planes, ...(valid && { valid }), dataType } as const;
  const y = { type: 'spatial', name: 'y', axis: 'y' } as const;
  const x = { type: 'spatial', name: 'x', axis: 'x' } as const;
  if (!options.bounds)
    return assembleCube({
      dimensions: [bands, { ...y, labels: range(height) }, { ...x, labels: range(width) }],
      ...common,
      version,
    });
  const [west, south, east, north] = options.bounds;
  const crs = readCrs(options.crs);
  if (!crs || !(west < east && south < north))
    throw unsuitable(
      '"bounds" are west, south, east and north, each greater than its opposite, in a known "crs".',
    );
  const area = gridForBounds(
    { west, south, east, north },
    crs,
    (east - west) / width,
    (north - south) / height,
  );
  return memoryCube({
    dimensions: [bands, y, x],
    grid: { ...area, width, height },
    ...common,
    missing: 'mask',
    dataVersion: version,
  });
}

function pictureInput(name: string, kind: string, title: string): InputFormat {
  return {
    name,
    title,
    description:
      'A picture of up to 128 MiB as bands: "grey", or "red", "green" and "blue". Transparent pixels are missing.',
    gisDataTypes: ['raster'],
    parameters,
    async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
      const options = readOptions<PictureInputOptions>(name, parameters, request.options, request.process);
      if (files.length !== 1) throw unsuitable(`${name} is loaded from one file at a time.`);
      const contents = await readAll(files, maxBytes);
      let decoded: Decoded;
      try {
        decoded = await decode(contents[0], kind, files[0], request);
      } catch (error) {
        if (error instanceof OpenEOError) throw error;
        throw unsuitable(`${files[0].name} cannot be read as ${name}: ${(error as Error).message}.`, error);
      }
      return cubeOf(decoded, options, contentVersion(contents, options));
    },
  };
}

export const pngInput = pictureInput('PNG', 'png', 'PNG');
export const jpegInput = pictureInput('JPEG', 'jpeg', 'JPEG');
export const webpInput = pictureInput('WEBP', 'webp', 'WebP');

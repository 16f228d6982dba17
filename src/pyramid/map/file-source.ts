import { createWriteStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OpenEOError } from '../../base/errors';
import type { Cube } from '../../raster/cube';
import { drawWithOpacity } from '../../raster/formats/picture';
import { findFormat } from '../../raster/formats/registry';
import { withinOwnExtent } from '../../raster/own-extent';
import type { PictureRoom, RasterInfo, RasterReader, Resampling } from '../../raster/source';
import { type Draw, drawing } from './drawing';

/** Larger files without overviews are rewritten with such, or every small zoom would read all of their pixels. */
const maxPlainPixels = 4096 * 4096;

/** How a file without a place on Earth is told from a broken one. */
function hasNoPlace(error: unknown): boolean {
  return (
    error instanceof OpenEOError &&
    error.code === 'SourceUnreadable' &&
    /no georeference/i.test(String(error.details['reason']))
  );
}

/** Whether a file begins as TIFF files do, of either order of bytes, classic or big. */
async function isTiff(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(buffer.toString('latin1'));
  } finally {
    await file.close();
  }
}

/**
 * What a raster file with a place on Earth says of itself; undefined for plain pictures.
 * @throws OpenEOError `AssetInvalid` for rasters that cannot be used
 */
export async function readMapInfo(
  path: string,
  raster: RasterReader,
  signal: AbortSignal,
): Promise<RasterInfo | undefined> {
  if (!(await isTiff(path))) return undefined;
  try {
    const info = await raster.info(path, signal);
    if (info.isPaletted)
      throw new OpenEOError('AssetInvalid', {
        reason: 'its pixels stand for colours of a table; expand it (gdal_translate -expand rgba).',
      });
    if (info.isScaled || (info.dataType !== 'uint8' && info.dataType !== 'boolean'))
      throw new OpenEOError('AssetInvalid', {
        reason: `its values are ${info.isScaled ? 'scaled' : `of the type ${info.dataType}`}, so that nothing says which are dark and which bright. Scale them to bytes (gdal_translate -scale -ot Byte), or make tiles of a data cube of it, drawn by linear_scale_range or colormap.`,
      });
    return info;
  } catch (error) {
    if (hasNoPlace(error)) return undefined;
    if (error instanceof OpenEOError && error.code === 'SourceUnreadable')
      throw new OpenEOError('AssetInvalid', { reason: `${error.details['reason']}.` }, { cause: error });
    throw error;
  }
}

/** Grey, or red, green and blue, and opacity where the file has it. */
function samplesOf({ samples, alpha }: RasterInfo): number[] {
  const colours = samples - (alpha === undefined ? 0 : 1) >= 3 ? [0, 1, 2] : [0];
  return alpha === undefined ? colours : [...colours, alpha];
}

async function cubeOf(
  path: string,
  info: RasterInfo,
  raster: RasterReader,
  resampling: Resampling,
  signal: AbortSignal,
): Promise<Cube> {
  const samples = samplesOf(info);
  const names = samples.map((sample) => `band ${sample + 1}`);
  return raster.sceneCube(
    {
      scenes: [
        {
          datetime: '1970-01-01T00:00:00Z',
          bbox: [-180, -90, 180, 90],
          bands: new Map(names.map((name, index) => [name, { href: path, sample: samples[index] }])),
        },
      ],
      bands: names.map((name) => ({ name })),
      names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
      dataVersion: info.version,
      resampling,
    },
    signal,
  );
}

/** A local file, ready to be drawn. */
export interface MapFile {
  readonly draw: Draw;
  /** Whether its pixels are plain means of those under them. */
  readonly isMean: boolean;
}

/**
 * A local file for drawing. One that is large and has no overviews is rewritten with such first.
 * @param tools.folder for the scratch file @param tools.maxPixels values of one picture
 */
export async function openMapFile(
  original: string,
  info: RasterInfo,
  tools: {
    readonly raster: RasterReader;
    readonly resampling: Resampling;
    readonly folder: string;
    readonly maxPixels: number;
    readonly signal: AbortSignal;
  },
): Promise<MapFile> {
  const { raster, resampling, maxPixels, signal } = tools;
  const path = await withOverviews(original, info, tools);
  const samples = samplesOf(info);
  const isMean = resampling === 'average' && info.dataType === 'uint8' && !info.isScaled;
  if (isMean) {
    const colours = samples.filter((sample) => sample !== info.alpha);
    const channels = colours.length === 1 ? 2 : 4;
    const picture = { href: path, colours, opacity: info.alpha };
    const room: PictureRoom = {};
    return {
      isMean,
      async draw(grid, drawSignal) {
        return { samples: await raster.meanPicture(picture, grid, drawSignal, room), channels };
      },
    };
  }
  const opened = path === original ? info : await raster.info(path, signal);
  const cube = withinOwnExtent(await cubeOf(path, opened, raster, resampling, signal));
  return {
    isMean,
    async draw(grid, drawSignal) {
      const request = { grid, options: {}, maxPixels, signal: drawSignal };
      const { samples: drawn, colours } = await drawWithOpacity(cube, request, 'a tile', drawing);
      return { samples: drawn as Uint8Array, channels: colours === 1 ? 2 : 4 };
    },
  };
}

/** The path of a file whose small zooms need not read all of its pixels. */
async function withOverviews(
  path: string,
  info: RasterInfo,
  {
    raster,
    resampling,
    folder,
    signal,
  }: { raster: RasterReader; resampling: Resampling; folder: string; signal: AbortSignal },
): Promise<string> {
  const { width, height } = info.grid;
  if (info.overviews > 0 || width * height <= maxPlainPixels) return path;
  const plain = await cubeOf(path, info, raster, 'near', signal);
  const { body } = await findFormat('GTiff')!.encode(plain, {
    options: { overviews: resampling === 'near' ? 'nearest' : 'average', level: 1 },
    maxPixels: Number.POSITIVE_INFINITY,
    signal,
  });
  const copy = join(folder, 'overviews.tif');
  if (body instanceof Readable) await pipeline(body, createWriteStream(copy), { signal });
  else await writeFile(copy, body);
  return copy;
}

import { createWriteStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OpenEOError } from '../../base/errors';
import type { Cube } from '../../raster/cube';
import { findFormat } from '../../raster/formats/registry';
import type { RasterInfo, RasterReader, Resampling } from '../../raster/source';

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

/**
 * A local file as a cube for drawing. One that is large and has no overviews is rewritten with such first.
 * @param folder for the scratch file
 */
export async function openMapFile(
  path: string,
  info: RasterInfo,
  tools: {
    readonly raster: RasterReader;
    readonly resampling: Resampling;
    readonly folder: string;
    readonly signal: AbortSignal;
  },
): Promise<Cube> {
  const { raster, resampling, folder, signal } = tools;
  const { width, height } = info.grid;
  if (info.overviews > 0 || width * height <= maxPlainPixels)
    return cubeOf(path, info, raster, resampling, signal);
  const plain = await cubeOf(path, info, raster, 'near', signal);
  const { body } = await findFormat('GTiff')!.encode(plain, {
    options: { overviews: resampling === 'near' ? 'nearest' : 'average', level: 1 },
    maxPixels: Number.POSITIVE_INFINITY,
    signal,
  });
  const copy = join(folder, 'overviews.tif');
  if (body instanceof Readable) await pipeline(body, createWriteStream(copy), { signal });
  else await writeFile(copy, body);
  return cubeOf(copy, await raster.info(copy, signal), raster, resampling, signal);
}

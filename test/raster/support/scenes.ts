import { silentLogger } from '../../../src/base/logger';
import type { HttpClient } from '../../../src/base/net';
import type { Grid } from '../../../src/geo/types';
import type { Block, Cube } from '../../../src/raster/cube';
import { createRasterReader } from '../../../src/raster/reader';
import type { RasterReader, Resampling, SceneBand, SceneCubeOptions } from '../../../src/raster/source';

/** For tests that only read local files. */
export const noHttp: HttpClient = {
  request: () => Promise.reject(new Error('no network in this test')),
  bytes: () => Promise.reject(new Error('no network in this test')),
  json: () => Promise.reject(new Error('no network in this test')),
  close: () => Promise.resolve(),
};

export const newReader = (http: HttpClient = noHttp, cacheBytes?: number): RasterReader =>
  createRasterReader({ http, logger: silentLogger, ...(cacheBytes !== undefined && { cacheBytes }) });

export const world = [-180, -90, 180, 90] as const;

/** A cube of one time whose bands are samples of files. */
export function oneScene(
  reader: RasterReader,
  bands: Record<string, SceneBand>,
  options: Partial<SceneCubeOptions> = {},
): Promise<Cube> {
  return reader.sceneCube(
    {
      scenes: [{ datetime: '2024-05-01T00:00:00Z', bbox: world, bands: new Map(Object.entries(bands)) }],
      bands: Object.keys(bands).map((name) => ({ name })),
      names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
      dataVersion: '1',
      ...options,
    },
    AbortSignal.timeout(30_000),
  );
}

/** A window of one band of a file. */
export async function readBand(
  reader: RasterReader,
  href: string,
  grid: Grid,
  options: { sample?: number; resampling?: Resampling } = {},
): Promise<Block> {
  const cube = await oneScene(
    reader,
    { band: { href, sample: options.sample ?? 0 } },
    options.resampling ? { resampling: options.resampling } : {},
  );
  return cube.read({ grid }, AbortSignal.timeout(30_000));
}

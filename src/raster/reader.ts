import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import { BlockCache } from './block-cache';
import type { BlockExchange } from './block-exchange';
import { FilePool } from './files';
import { createMosaicCube } from './mosaic/cube';
import { meanPicture } from './scenes/mean-picture';
import { PatchReader } from './scenes/patches';
import { createSceneCube } from './scenes/scene-cube';
import type { RasterReader } from './source';
import { warpBlock } from './warp';

/** TIFF 6.0, section 5. */
const photometricPalette = 3;
const defaultCacheBytes = 256 * 1024 * 1024;
/** Blocks of files that are drawn once from end to end: what neighbours share. They shall not drive out what others read. */
const scannedCacheBytes = 16 * 1024 * 1024;

/**
 * Reads raster files (GeoTIFF, cloud-optimised or not; local or over HTTP) and makes cubes of them.
 * Keeps files open and a cache of decoded blocks; close it at the end.
 * @param options.cacheBytes what decoded blocks may take in memory; default 256 MiB.
 * @param options.maxValues values (width × height × labels) of one window; default: no limit.
 */
export function createRasterReader(options: {
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly cacheBytes?: number;
  readonly maxValues?: number;
  /** With the caches of other threads. */
  readonly exchange?: BlockExchange;
}): RasterReader {
  const files = new FilePool(options.http);
  const cache = new BlockCache(options.cacheBytes ?? defaultCacheBytes, options.exchange);
  const patches = new PatchReader(cache);
  const scanned = new BlockCache(Math.min(scannedCacheBytes, cache.maxBytes));
  const scannedPatches = new PatchReader(scanned);
  return {
    async info(href, signal, source) {
      const file = await files.open(href, signal, source);
      const { samples, alpha, photometric } = file.levels[0].image;
      return {
        grid: file.grid,
        samples,
        ...(alpha !== undefined && { alpha }),
        isPaletted: photometric === photometricPalette,
        isScaled: [...file.samples.values()].some(({ scale = 1, offset = 0 }) => scale !== 1 || offset !== 0),
        overviews: file.levels.length - 1,
        dataType: file.dataType,
        ...(file.nodata !== undefined && { nodata: file.nodata }),
        version: file.version,
        descriptions: Array.from({ length: samples }, (_, index) => file.samples.get(index)?.description),
      };
    },
    sceneCube: (sceneOptions, signal) =>
      createSceneCube(sceneOptions, { files, patches, maxValues: options.maxValues }, signal),
    mosaicCube: (mosaicOptions) => createMosaicCube(mosaicOptions, { cache, maxValues: options.maxValues }),
    meanPicture: (pictureOptions, grid, signal, room) =>
      meanPicture(pictureOptions, grid, { files, patches: scannedPatches }, signal, room),
    warp: warpBlock,
    async close() {
      cache.clear();
      scanned.clear();
      await files.close();
    },
  };
}

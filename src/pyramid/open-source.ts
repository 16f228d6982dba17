import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { OpenEOError } from '../base/errors';
import type { Cube } from '../raster/cube';
import type { RasterInfo, RasterReader, Resampling } from '../raster/source';
import { tileArea } from './area';
import type { TileEncoding } from './encode-tile';
import { decodeImage, middleOf, readImageInfo } from './image/decode';
import { type HalvingMethod, halvingMethods } from './image/halve';
import { createImageMaker } from './image/maker';
import { planImage } from './image/plan';
import { createCubeMaker } from './map/cube-maker';
import { createFileMaker } from './map/file-maker';
import { openMapFile, readMapInfo } from './map/file-source';
import { planMap } from './map/plan';
import { resampledCube } from './map/resampled-cube';
import { checkOptions, type PyramidOptions, polygonsOf, qualityOf } from './options';
import { middlePlans, type Sample } from './sample';
import { download } from './scratch';
import { drawnPixels, type PyramidPlan, type TileMaker } from './types';

/** What a pyramid is made of. */
export type PyramidSource =
  | {
      readonly kind: 'file';
      /** Opens its bytes; undefined: they are gone. */
      open(): Promise<Readable | undefined>;
      /** Makes a name for them on this disk instead of a copy; false where that cannot be. */
      link?(path: string): Promise<boolean>;
    }
  | { readonly kind: 'cube'; readonly cube: Cube };

export interface SourceTools {
  readonly raster: RasterReader;
  readonly limits: {
    /** Values (pixels × bands) of one tile. */
    readonly pixels: number;
    /** Pixels of a plain image. */
    readonly sourcePixels: number;
  };
  /** For scratch files; whoever made it removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** A source that was looked at: what will be made of it is known. */
export interface OpenedSource {
  readonly plan: PyramidPlan;
  /** Decodes what is to be decoded. The maker's `close` leaves the scratch folder to its owner. */
  createMaker(): Promise<TileMaker>;
  /** Bytes of the file; 0 for cubes. */
  readonly sourceBytes: number;
  /** Opens as much of it as tells what the whole takes. Whoever asked closes the makers. */
  openSample(): Promise<Sample>;
}

/**
 * Brings a source here and plans its pyramid.
 * @throws OpenEOError `AssetInvalid`, `RequestInvalid` for options that do not fit the source
 */
export async function openSource(
  source: PyramidSource,
  options: PyramidOptions,
  tools: SourceTools,
): Promise<OpenedSource> {
  const encoding = { format: options.format, quality: qualityOf(options) };
  if (source.kind === 'cube') return openCube(source.cube, options, encoding, tools);
  const path = join(tools.folder, 'source');
  if (!(await source.link?.(path))) await download(() => source.open(), path, tools.signal);
  const info = await readMapInfo(path, tools.raster, tools.signal);
  return info ? openMap(path, info, options, encoding, tools) : openImage(path, options, encoding, tools);
}

/** What a local file is as a source of tiles. @throws OpenEOError `AssetInvalid` where it is none */
export async function inspectFile(
  path: string,
  { raster, limits, signal }: Pick<SourceTools, 'raster' | 'limits' | 'signal'>,
): Promise<{ readonly kind: PyramidPlan['kind']; readonly widthPx: number; readonly heightPx: number }> {
  const info = await readMapInfo(path, raster, signal);
  if (info) return { kind: 'map', widthPx: info.grid.width, heightPx: info.grid.height };
  const { widthPx, heightPx } = await readImageInfo(path, limits);
  return { kind: 'image', widthPx, heightPx };
}

function planOf(grid: Cube['grid'] & {}, options: PyramidOptions): PyramidPlan {
  checkOptions(options, 'map');
  const { tile_size: tileSizePx, minzoom, maxzoom, area } = options;
  return planMap({
    ...{ grid, tileSizePx },
    minzoom: minzoom ?? undefined,
    maxzoom: maxzoom ?? undefined,
    area: area ? tileArea(polygonsOf(area)) : undefined,
  });
}

async function openImage(
  path: string,
  options: PyramidOptions,
  encoding: TileEncoding,
  { folder, limits, signal }: SourceTools,
): Promise<OpenedSource> {
  checkOptions(options, 'image');
  const resampling = (options.resampling ?? 'average') as HalvingMethod;
  if (!halvingMethods.includes(resampling))
    throw new OpenEOError('RequestInvalid', {
      reason: `plain images are made smaller by ${halvingMethods.join(', ')}, not by ${resampling}.`,
    });
  const info = await readImageInfo(path, limits);
  const planOfSize = (size: { readonly widthPx: number; readonly heightPx: number }) =>
    planImage({ ...size, tileSizePx: options.tile_size, layout: options.layout });
  const plan = planOfSize(info);
  return {
    plan,
    createMaker: async () =>
      createImageMaker({ image: await decodeImage(path, folder, info, signal), plan, encoding, resampling }),
    sourceBytes: (await stat(path)).size,
    async openSample() {
      const region = middleOf(info);
      const image = await decodeImage(path, folder, info, signal, region);
      try {
        await image.readRows(image.heightPx - 1, new Uint8Array(image.widthPx * image.channels), signal);
      } catch (error) {
        await image.close();
        throw error;
      }
      const part = planOfSize(image);
      const maker = createImageMaker({ image, plan: part, encoding, resampling });
      // Rows above the middle are decoded, those below it are not.
      const openings = info.heightPx / (region.top + region.height);
      return {
        parts: [{ maker, standsFor: (part.total * drawnPixels(plan)) / drawnPixels(part) }],
        openings,
      };
    },
  };
}

async function openMap(
  path: string,
  info: RasterInfo,
  options: PyramidOptions,
  encoding: TileEncoding,
  tools: SourceTools,
): Promise<OpenedSource> {
  const plan = planOf(info.grid, options);
  const resampling: Resampling = options.resampling ?? 'average';
  const maxPixels = tools.limits.pixels;
  const openFile = () => openMapFile(path, info, { ...tools, resampling, maxPixels });
  return {
    plan,
    createMaker: async () => createFileMaker({ plan, encoding, maxPixels, ...(await openFile()) }),
    sourceBytes: (await stat(path)).size,
    async openSample() {
      const file = await openFile();
      return sampleOf(plan, (part) => createFileMaker({ plan: part, encoding, maxPixels, ...file }));
    },
  };
}

async function openCube(
  cube: Cube,
  options: PyramidOptions,
  encoding: TileEncoding,
  { limits }: SourceTools,
): Promise<OpenedSource> {
  if (!cube.grid)
    throw new OpenEOError('RequestInvalid', {
      reason: 'data has no regular pixels (dimensions x and y) to make tiles of.',
    });
  const plan = planOf(cube.grid, options);
  const { resampling } = options;
  const drawn = resampling && resampling !== 'near' ? resampledCube(cube, resampling) : cube;
  const makerOf = (part: PyramidPlan) =>
    createCubeMaker({ cube: drawn, plan: part, encoding, maxPixels: limits.pixels });
  return {
    plan,
    createMaker: async () => makerOf(plan),
    sourceBytes: 0,
    openSample: async () => sampleOf(plan, makerOf),
  };
}

function sampleOf(whole: PyramidPlan, makerOf: (part: PyramidPlan) => TileMaker): Sample {
  const parts = middlePlans(whole).map(({ plan, standsFor }) => ({ maker: makerOf(plan), standsFor }));
  return { parts, openings: 1 };
}

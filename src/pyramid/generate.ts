import { rm } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Logger } from '../base/logger';
import type { TileAddress } from '../geo/types';
import type { ObjectStore } from '../store/objects/types';
import type { Archive } from './archives/archive';
import { writeMbtiles } from './archives/mbtiles';
import { writePmtiles } from './archives/pmtiles';
import { EmptyTiles } from './empty-tiles';
import { type Estimate, estimate } from './estimate';
import { layoutOf } from './layouts/layout';
import { openSource, type PyramidSource, type SourceTools } from './open-source';
import type { PyramidOptions } from './options';
import { makeScratch } from './scratch';
import { downloading, finalizing, type Stage, tileStage } from './stages';
import { describePlace, tileJsonOf } from './tilejson';
import { type PyramidPlan, plannedTiles, type TileMaker, tileFormats } from './types';
import { type StoredTiles, storedTiles, type TileSummary, writeTiles } from './write-tiles';

/** Tiles in work at once: enough for all cores and for storage that answers slowly. */
export const tilesAtOnce = 16;
/** What lies under a prefix never changes once it is complete. */
const cacheControl = 'public, max-age=31536000, immutable';

/** What all generations of a process work with. */
export interface PyramidParts extends Pick<SourceTools, 'raster' | 'limits'> {
  readonly objects: ObjectStore;
  /** Where scratch folders are made. */
  readonly scratchRoot: string;
}

export interface GenerateTools extends PyramidParts {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  onStage(stage: Stage): void;
}

export interface GenerateTarget {
  /** Folder in the object store, with a slash at the end. */
  readonly prefix: string;
  readonly name: string;
  /** Where readers will find the folder, without a trailing slash, where that is known. */
  readonly baseUrl?: string;
  /** What lies there from before this instant is made anew; absent: everything that lies there counts. */
  readonly keepSince?: Date;
}

/** A file beside the tiles. */
export interface GeneratedFile {
  readonly name: string;
  readonly key: string;
  readonly mediaType: string;
  readonly size: number;
}

/** What a generation tells of itself; spelled as people read it. */
export interface GenerationResult {
  readonly tiles_path: string;
  readonly width: number;
  readonly height: number;
  readonly levels: number;
  readonly tile_count: number;
  readonly tile_size: number;
  readonly bounds: readonly number[];
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly layout: string;
  readonly format: string;
  readonly bytes: number;
  readonly skipped_empty: number;
}

export interface Generation {
  readonly result: GenerationResult;
  readonly files: readonly GeneratedFile[];
}

async function withScratch<T>(root: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeScratch(root);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What would be made, without making it. @throws as `generate` */
export function dryRun(
  source: PyramidSource,
  options: PyramidOptions,
  tools: PyramidParts & { readonly signal: AbortSignal },
): Promise<Estimate> {
  return withScratch(tools.scratchRoot, async (folder) => {
    const { plan } = await openSource(source, options, { ...tools, folder });
    const documents = layoutOf(options.layout).documents(plan, options.format).length + 2;
    return estimate(plan, options.format, { documents, hasArchive: options.archive !== 'none' });
  });
}

/**
 * Makes a pyramid and stores it below a prefix: tiles as they are made, then what describes them. What an earlier run
 * stored there is not made again, so it may be run until it succeeds.
 * @throws OpenEOError `AssetInvalid`, `RequestInvalid`, storage errors; the signal's reason
 */
export function generate(
  source: PyramidSource,
  options: PyramidOptions,
  target: GenerateTarget,
  tools: GenerateTools,
): Promise<Generation> {
  return withScratch(tools.scratchRoot, async (folder) => {
    tools.onStage(downloading);
    const opened = await openSource(source, options, { ...tools, folder });
    const { plan } = opened;
    tools.logger.info(`${plan.total} tiles in ${plan.levels.length} levels`, {
      data: { width: plan.widthPx, height: plan.heightPx },
    });
    const look = (since?: Date) => storedTiles(tools.objects, target.prefix, tools.signal, since);
    let stored = await look(target.keepSince);
    const empty = new EmptyTiles(tools.objects, target.prefix);
    await empty.load(target.keepSince);
    const maker = await opened.createMaker();
    let summary: TileSummary;
    try {
      summary = await makeTiles(maker, options, target, { stored, empty }, tools);
      // What a canceled run left may have been removed while this one built on it.
      for (
        stored = await look();
        tileCount(stored.sizes, target, options) < summary.tileCount;
        stored = await look()
      )
        summary = await makeTiles(maker, options, target, { stored, empty }, tools);
    } finally {
      await maker.close();
    }
    await empty.forget();
    return finish(plan, options, target, summary, { ...tools, folder });
  });
}

/** How many of the objects below a prefix are tiles: documents and archives have other names. */
function tileCount(
  existing: ReadonlyMap<string, number>,
  { prefix }: GenerateTarget,
  { format }: PyramidOptions,
): number {
  const ending = `.${tileFormats[format].extension}`;
  let count = 0;
  for (const key of existing.keys()) if (key.endsWith(ending) && key.startsWith(prefix)) count++;
  return count;
}

function makeTiles(
  maker: TileMaker,
  options: PyramidOptions,
  { prefix }: GenerateTarget,
  known: { readonly stored: StoredTiles; readonly empty: EmptyTiles },
  { objects, signal, onStage }: GenerateTools,
): Promise<TileSummary> {
  const { plan } = maker;
  const layout = layoutOf(plan.layout);
  onStage(tileStage({ total: plan.total, made: 0, uploaded: 0 }));
  return writeTiles({
    maker,
    objects,
    key: (tile) => prefix + layout.path(plan, tile, options.format),
    contentType: tileFormats[options.format].mediaType,
    cacheControl,
    ...known,
    // Viewers of layouts that were made for pictures do not expect gaps.
    writesEmpty: options.write_empty || plan.layout !== 'xyz',
    concurrency: tilesAtOnce,
    signal,
    onProgress: (progress) => onStage(tileStage(progress)),
  });
}

function describe(
  plan: PyramidPlan,
  options: PyramidOptions,
  { prefix }: GenerateTarget,
  summary: TileSummary,
): GenerationResult {
  const { minzoom, maxzoom, bounds } = describePlace(plan);
  return {
    tiles_path: prefix,
    width: plan.widthPx,
    height: plan.heightPx,
    levels: plan.levels.length,
    tile_count: summary.tileCount,
    tile_size: plan.tileSizePx,
    ...{ bounds, minzoom, maxzoom },
    layout: plan.layout,
    format: options.format,
    bytes: summary.bytes,
    skipped_empty: summary.skippedEmpty,
  };
}

/** Writes the archive, the documents, and last of all `metadata.json`: where it lies, the set is complete. */
async function finish(
  plan: PyramidPlan,
  options: PyramidOptions,
  target: GenerateTarget,
  summary: TileSummary,
  tools: GenerateTools & { readonly folder: string },
): Promise<Generation> {
  const { objects, signal, onStage } = tools;
  const { prefix, name, baseUrl } = target;
  onStage(finalizing(0));
  const files: GeneratedFile[] = [];
  const store = async (
    fileName: string,
    mediaType: string,
    body: Parameters<ObjectStore['put']>[1],
    size?: number,
  ) => {
    const key = prefix + fileName;
    const stored = await objects.put(key, body, {
      ...{ contentType: mediaType, cacheControl, signal, expectedBytes: size },
    });
    files.push({ name: fileName, key, mediaType, size: stored?.size ?? 0 });
  };
  const archive = await makeArchive(plan, options, target, tools);
  if (archive) await store(archive.fileName, archive.mediaType, archive.open(), archive.sizeBytes);
  for (const { path, mediaType, body } of layoutOf(plan.layout).documents(plan, options.format, baseUrl))
    await store(path, mediaType, Buffer.from(body));
  if (plan.layout === 'xyz') {
    const document = tileJsonOf(plan, options.format, { name, baseUrl });
    await store('tilejson.json', 'application/json', Buffer.from(`${JSON.stringify(document, null, 2)}\n`));
  }
  const result = describe(plan, options, target, summary);
  await objects.sync(prefix);
  await store('metadata.json', 'application/json', Buffer.from(`${JSON.stringify(result, null, 2)}\n`));
  onStage(finalizing(1));
  return { result, files };
}

async function makeArchive(
  plan: PyramidPlan,
  options: PyramidOptions,
  { prefix, name }: GenerateTarget,
  { objects, signal, onStage, folder }: GenerateTools & { readonly folder: string },
): Promise<Archive | undefined> {
  if (options.archive === 'none') return undefined;
  const key = (tile: TileAddress) => prefix + layoutOf(plan.layout).path(plan, tile, options.format);
  const { sizes } = await storedTiles(objects, prefix, signal);
  const write = options.archive === 'pmtiles' ? writePmtiles : writeMbtiles;
  return write({
    ...{ plan, name, folder, signal },
    format: options.format,
    tiles: [...plannedTiles(plan)].filter((tile) => sizes.has(key(tile))),
    async read(tile) {
      const found = await objects.get(key(tile));
      return found && buffer(found.body);
    },
    onProgress: (share) => onStage(finalizing(share * 0.9)),
  });
}

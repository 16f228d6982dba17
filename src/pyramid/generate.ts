import { rm } from 'node:fs/promises';
import { collectGarbage } from '../base/garbage';
import { EmptyTiles } from './empty-tiles';
import { type Estimate, estimate } from './estimate';
import { finish } from './finish';
import {
  cacheControl,
  type GenerateTarget,
  type GenerateTools,
  type Generation,
  type PyramidParts,
} from './generation';
import { layoutOf } from './layouts/layout';
import { openSource, type PyramidSource } from './open-source';
import type { PyramidOptions } from './options';
import { makeScratch } from './scratch';
import { downloading, tileStage } from './stages';
import { type Trial, type TrialTools, tryOutPyramid } from './try-out';
import { type TileMaker, tileFormats } from './types';
import { type StoredTiles, storedTiles, type TileSummary, writeTiles } from './write-tiles';

/** Tiles in work at once: enough for all cores and for storage that answers slowly. */
const tilesAtOnce = 16;
/** So many leave much behind that nobody refers to any more; looking at them all once again would add to it. */
const manyTiles = 1000;

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

/** What it would take, by a sample that is made and thrown away. @throws as `generate` */
export function tryOut(
  source: PyramidSource,
  options: PyramidOptions,
  tools: PyramidParts & TrialTools,
): Promise<Trial> {
  return withScratch(tools.scratchRoot, async (folder) => {
    const since = performance.now();
    const opened = await openSource(source, options, { ...tools, folder });
    return tryOutPyramid(opened, options, since, tools);
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
      // What a canceled run left may have been removed while this one built on it.
      do {
        summary = await makeTiles(maker, options, target, { stored, empty }, tools);
        // Until here a failure of the machine may cost tiles. What says that they are complete comes after them.
        const keeping = tools.objects.sync(target.prefix);
        const looking = (plan.total < manyTiles ? Promise.resolve() : collectGarbage()).then(() => look());
        [stored] = await Promise.all([looking, keeping]);
      } while (tileCount(stored.sizes, target, options) < summary.tileCount);
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

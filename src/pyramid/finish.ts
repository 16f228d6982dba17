import { buffer } from 'node:stream/consumers';
import type { TileAddress } from '../geo/types';
import type { ObjectStore } from '../store/objects/types';
import type { Archive } from './archives/archive';
import { writeMbtiles } from './archives/mbtiles';
import { writePmtiles } from './archives/pmtiles';
import {
  cacheControl,
  type GeneratedFile,
  type GenerateTarget,
  type GenerateTools,
  type Generation,
  type GenerationResult,
} from './generation';
import { layoutOf } from './layouts/layout';
import type { PyramidOptions } from './options';
import { finalizing } from './stages';
import { describePlace, tileJsonOf } from './tilejson';
import { type PyramidPlan, plannedTiles } from './types';
import { storedTiles, type TileSummary } from './write-tiles';

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
export async function finish(
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
  const archive = await makeArchive(plan, options, target, tools);
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
    const role = fileName === archive?.fileName ? 'data' : 'metadata';
    files.push({ name: fileName, key, mediaType, size: stored?.size ?? 0, role });
  };
  if (archive) await store(archive.fileName, archive.mediaType, archive.open(), archive.sizeBytes);
  for (const { path, mediaType, body } of layoutOf(plan.layout).documents(plan, options.format, baseUrl))
    await store(path, mediaType, Buffer.from(body));
  if (plan.layout === 'xyz') {
    const document = tileJsonOf(plan, options.format, { name, baseUrl });
    await store('tilejson.json', 'application/json', Buffer.from(`${JSON.stringify(document, null, 2)}\n`));
  }
  const result = describe(plan, options, target, summary);
  await store('metadata.json', 'application/json', Buffer.from(`${JSON.stringify(result, null, 2)}\n`));
  onStage(finalizing(1));
  const { bounds } = plan;
  return { result, files, ...(bounds && { bbox: [bounds.west, bounds.south, bounds.east, bounds.north] }) };
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

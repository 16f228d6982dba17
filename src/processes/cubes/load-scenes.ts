import { OpenEOError, ProcessException } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Arguments, Callback } from '../../graph/types';
import { type BandInfo, type Cube, deriveCube } from '../../raster/cube';
import { joinVersions } from '../../raster/data-version';
import type { Scene, SceneBand } from '../../raster/source';
import type { Catalog, CollectionDocument, RasterItem } from '../../store/catalog/types';
import type { ProcessContext } from '../context';
import { findBands } from './band-lookup';
import { type CollectionDimensions, readBands, readDimensions } from './collection-dimensions';
import { propertyFilter } from './property-filter';
import { cropToExtent, extentInWgs84, parseSpatialExtent } from './spatial-extent';
import { isWithin, parseInterval } from './temporal-extent';

/** A collection in a catalogue. */
export interface SceneSource {
  readonly catalog: Catalog;
  readonly document: CollectionDocument;
}

type LoadContext = Pick<ProcessContext, 'signal' | 'raster' | 'logger'>;

/** Whether all conditions are true for an item. An absent property is `null`. */
async function meets(
  item: RasterItem,
  conditions: readonly (readonly [string, Callback])[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const [name, condition] of conditions) {
    const value = Object.hasOwn(item.properties, name) ? item.properties[name] : null;
    if ((await condition.call({ value: value ?? null }, signal)) !== true) return false;
  }
  return true;
}

/** The wanted bands in their order. @throws OpenEOError `ProcessParameterInvalid` naming the bands that there are */
export function chooseBands<Band extends BandInfo>(
  known: readonly Band[],
  wanted: readonly string[] | null,
  process: string,
): Band[] {
  if (wanted === null) return [...known];
  const dimension = {
    type: 'bands',
    name: 'bands',
    labels: known.map(({ name }) => name),
    bands: known,
  } as const;
  const chosen = wanted.flatMap((name) => {
    const found = findBands(dimension, name);
    if (found.length === 0)
      throw new OpenEOError('ProcessParameterInvalid', {
        process,
        parameter: 'bands',
        reason: `there is no band "${name}"; there are ${known.map((band) => band.name).join(', ') || 'none'}`,
      });
    return found;
  });
  return [...new Set(chosen)].map((index) => known[index]);
}

function toScene(item: RasterItem, names: ReadonlySet<string>): Scene {
  const bands = new Map<string, SceneBand>();
  for (const asset of item.assets)
    for (const band of asset.bands)
      if (names.has(band.name) && !bands.has(band.name))
        bands.set(band.name, {
          href: asset.href,
          sample: band.sample,
          nodata: band.nodata,
          scale: band.scale,
          offset: band.offset,
        });
  return { datetime: item.datetime, bbox: item.bbox, bands };
}

/** Scenes of one cube: more than five years of a daily satellite over a large area. */
const maxScenes = 10_000;

function tooManyScenes(count: number): OpenEOError {
  const show = (value: number) => value.toLocaleString('en');
  return new OpenEOError('ProcessGraphComplexity', {
    reason:
      `${show(count)} scenes lie in the given extents and meet the conditions; one cube may be made of ` +
      `${show(maxScenes)}. Ask for a smaller area or a shorter time.`,
  });
}

/** What `load_collection` says where nothing is left. */
export function noData(reason: string): ProcessException {
  return new ProcessException('NoDataAvailable', `There is no data: ${reason}.`);
}

/**
 * What `load_collection` and `load_stac` have in common: the cube of all items that the arguments leave.
 * @throws ProcessException `NoDataAvailable`, `TemporalExtentEmpty`; OpenEOError of the catalogue and the files
 */
export async function loadScenes(
  sources: readonly SceneSource[],
  args: Arguments,
  process: string,
  context: LoadContext,
): Promise<Cube> {
  const { signal } = context;
  const extent = parseSpatialExtent(args.spatial_extent, process);
  const interval = args.temporal_extent
    ? parseInterval(args.temporal_extent as readonly unknown[], process, 'temporal_extent')
    : undefined;
  const rest = createPace(signal);
  const conditions = Object.entries((args.properties ?? {}) as Readonly<Record<string, Callback>>);
  const iso = (instant: number) => (Number.isFinite(instant) ? new Date(instant).toISOString() : null);
  const filter = {
    bbox: extent && extentInWgs84(extent),
    interval: interval && ([iso(interval.start), iso(interval.end)] as const),
    cql2: propertyFilter(conditions),
  };

  const items: RasterItem[] = [];
  const bands = new Map<string, BandInfo>();
  let version = '';
  let dimensions: CollectionDimensions | undefined;
  for (const { catalog, document } of sources) {
    const own = readDimensions(document);
    dimensions ??= own;
    const kept: RasterItem[] = [];
    for (const item of await catalog.items(document.id, filter, signal)) {
      if (interval && !isWithin(item.datetime, interval)) continue;
      await rest();
      if (!(await meets(item, conditions, signal))) continue;
      kept.push(item);
      if (item.version !== undefined) version = joinVersions(version, item.version);
    }
    items.push(...kept);
    // Of these alone: how many others a server sends depends on what it can filter by.
    for (const band of readBands(document, kept, own.bands))
      if (!bands.has(band.name)) bands.set(band.name, band);
    version = joinVersions(version, await catalog.version(document.id));
  }
  if (!dimensions || items.length === 0)
    throw noData('no scene lies in the given extents or meets all conditions');

  const chosen = chooseBands([...bands.values()], args.bands as readonly string[] | null, process);
  const names = new Set(chosen.map(({ name }) => name));
  const scenes = items.map((item) => toScene(item, names)).filter((scene) => scene.bands.size > 0);
  if (scenes.length === 0) throw noData('the scenes in the given extents have none of the bands');
  if (scenes.length > maxScenes) throw tooManyScenes(scenes.length);
  if (sources.length > 1) scenes.sort((one, other) => Date.parse(one.datetime) - Date.parse(other.datetime));

  const cube = await context.raster.sceneCube(
    { scenes, bands: chosen, names: dimensions.names, order: dimensions.order, dataVersion: version },
    signal,
  );
  const cropped = cropToExtent(withBandInfos(cube, chosen), extent);
  if (cropped.grid && (cropped.grid.width === 0 || cropped.grid.height === 0))
    throw noData('no pixel lies in the spatial extent');
  return cropped;
}

/** The reader knows names and statistics of bands; all else that is known of them is added here. */
function withBandInfos(cube: Cube, bands: readonly BandInfo[]): Cube {
  return deriveCube(cube, {
    dimensions: cube.dimensions.map((dimension) =>
      dimension.type === 'bands' ? { ...dimension, bands } : dimension,
    ),
  });
}

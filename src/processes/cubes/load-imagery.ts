import type { Arguments, Callback } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import type { Imagery } from '../../tiles/imagery';
import type { TileFilter, TileSource } from '../../tiles/types';
import type { ProcessContext } from '../context';
import { chooseBands, noData } from './load-scenes';
import { cropToExtent, parseSpatialExtent } from './spatial-extent';
import { type Interval, parseInterval } from './temporal-extent';

const process = 'load_collection';
const names = { x: 'x', y: 'y', t: 't', bands: 'bands' } as const;
const bands = [
  { name: 'red', commonName: 'red', sample: 0 },
  { name: 'green', commonName: 'green', sample: 1 },
  { name: 'blue', commonName: 'blue', sample: 2 },
  { name: 'alpha', sample: 3 },
] as const;
const sources: readonly TileSource[] = ['google_maps', 'uav'];

type LoadContext = Pick<ProcessContext, 'signal' | 'raster' | 'logger'>;

/** Those of some values for which a condition is true. */
async function accepted<T>(
  values: readonly T[],
  condition: Callback,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const kept: T[] = [];
  for (const value of values)
    if ((await condition.call({ value: value ?? null }, signal)) === true) kept.push(value);
  return kept;
}

/** Conditions are asked once for each source and flight that there is, not for each tile. Undefined: nothing is left. */
async function readFilter(
  imagery: Imagery,
  properties: Readonly<Record<string, Callback>>,
  interval: Interval | undefined,
  signal: AbortSignal,
): Promise<TileFilter | undefined> {
  let filter: TileFilter = {
    ...(interval && Number.isFinite(interval.start) && { capturedFrom: interval.start * 1000 }),
    ...(interval && Number.isFinite(interval.end) && { capturedBefore: interval.end * 1000 }),
  };
  for (const [name, condition] of Object.entries(properties)) {
    if (name === 'source') filter = { ...filter, sources: await accepted(sources, condition, signal) };
    else if (name === 'flight_id') {
      const flights = [undefined, ...(await imagery.catalogue.flights())];
      filter = { ...filter, flights: await accepted(flights, condition, signal) };
    } else if ((await accepted([null], condition, signal)).length === 0) return undefined;
  }
  return filter.sources?.length === 0 || filter.flights?.length === 0 ? undefined : filter;
}

/**
 * The tile catalogue as a cube: of each cell the tile that the catalogue's rule selects among those that time and
 * properties leave. It has one time: that of the last capture, or the last millisecond of the interval before that.
 * @throws ProcessException `NoDataAvailable`, `TemporalExtentEmpty`; OpenEOError `ProcessParameterInvalid`
 */
export async function loadImagery(imagery: Imagery, args: Arguments, context: LoadContext): Promise<Cube> {
  const { signal } = context;
  const extent = parseSpatialExtent(args.spatial_extent, process);
  const interval = args.temporal_extent
    ? parseInterval(args.temporal_extent as readonly unknown[], process, 'temporal_extent')
    : undefined;
  const chosen = chooseBands(bands, args.bands as readonly string[] | null, process);
  // The version is read before anything that it vouches for.
  const { version, zooms } = await imagery.catalogue.extent();
  const properties = (args.properties ?? {}) as Readonly<Record<string, Callback>>;
  const filter = await readFilter(imagery, properties, interval, signal);
  const levels = zooms.filter(
    ({ captured }) =>
      captured[1] >= (filter?.capturedFrom ?? -Infinity) &&
      captured[0] < (filter?.capturedBefore ?? Infinity),
  );
  if (!filter || levels.length === 0) throw noData('no tile was captured then or meets all conditions');
  const last = Math.max(...levels.map(({ captured }) => captured[1]));
  const asOf = Math.min(Math.floor(last / 1000), (filter.capturedBefore ?? Infinity) / 1000 - 1);
  const pictures = imagery.pictures(Object.keys(filter).length === 0 ? undefined : filter, context.logger);
  const cube = context.raster.mosaicCube({
    levels: levels.map(({ zoom, sizePixels, columns, rows }) => ({
      zoom,
      sizePx: sizePixels,
      columns,
      rows,
    })),
    find: (zoom, cells) => pictures.find(zoom, cells),
    time: new Date(asOf).toISOString().replace('.000Z', 'Z'),
    names,
    bands: chosen,
    dataVersion: `tiles ${version}`,
  });
  const cropped = cropToExtent(cube, extent);
  if (cropped.grid && (cropped.grid.width === 0 || cropped.grid.height === 0))
    throw noData('no pixel lies in the spatial extent');
  return cropped;
}

import { OpenEOError } from '../../base/errors';
import type { TileAddress } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import type { InventoryAnswer } from '../../tiles/inventory';
import type { ProcessContext } from '../context';
import { type BoundingBox, boxInWgs84, parseBox } from '../cubes/bounding-box';
import { readGeoJson } from '../cubes/geometry-argument';
import { cellsOfBox, cellsOfGeometries, TooManyCells } from './covered-cells';
import { imageryOf } from './imagery-argument';

const process = 'tile_inventory';
const ways = ['tiles', 'location_hashes', 'bbox', 'geometry'] as const;
const filters = ['source', 'flight_id', 'captured_after', 'captured_before'] as const;

function refuse(reason: string): never {
  throw new OpenEOError('InventoryInvalid', { reason });
}

/** The cells of an area at each zoom level. */
function cellsOfArea(args: Arguments, zooms: readonly number[], limit: number): TileAddress[] {
  const { bbox, geometry } = args;
  let cellsAt: (zoom: number, left: number) => TileAddress[];
  if (bbox) {
    const [west, south, east, north] = boxInWgs84(parseBox(bbox as BoundingBox, process, 'bbox'));
    cellsAt = (zoom, left) => cellsOfBox({ west, south, east, north }, zoom, left);
  } else {
    const { geometries } = readGeoJson(geometry, process, 'geometry');
    cellsAt = (zoom, left) => cellsOfGeometries(geometries, zoom, left);
  }
  try {
    return zooms.reduce<TileAddress[]>(
      (cells, zoom) => cells.concat(cellsAt(zoom, limit - cells.length)),
      [],
    );
  } catch (error) {
    if (!(error instanceof TooManyCells)) throw error;
    return refuse(`the area has more than ${limit} cells at these zoom levels.`);
  }
}

/**
 * Which cells have a tile, as the endpoint of that name answers it (../../../docs/tile-catalogue.md).
 * @throws OpenEOError `InventoryInvalid`, `TileStoreUnavailable`
 */
export async function run(
  args: Arguments,
  context: Pick<ProcessContext, 'imagery' | 'signal'>,
): Promise<readonly InventoryAnswer[]> {
  const imagery = imageryOf(args, context, process);
  const isGiven = (name: string) => args[name] !== undefined && args[name] !== null;
  const given = ways.filter(isGiven);
  if (given.length !== 1) refuse(`it must have exactly one of ${ways.join(', ')}.`);
  const [way] = given;
  const isArea = way === 'bbox' || way === 'geometry';
  if (isArea !== isGiven('zooms'))
    refuse(isArea ? `${way} needs zooms.` : `zooms goes with bbox or geometry, not with ${way}.`);
  const entries = isArea
    ? { tiles: cellsOfArea(args, args['zooms'] as readonly number[], imagery.limits.cells) }
    : { [way]: args[way] };
  const request = Object.fromEntries(filters.filter(isGiven).map((name) => [name, args[name]]));
  return await imagery.largeInventory({ ...request, ...entries }, context.signal);
}

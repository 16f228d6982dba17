import { buffer } from 'node:stream/consumers';
import { OpenEOError } from '../../base/errors';
import { transformBounds, wgs84 } from '../../geo/crs';
import { tileMatrixSet } from '../../geo/tile-matrix-set';
import type { TileAddress } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { type Cube, gridBounds, isCube } from '../../raster/cube';
import { gtiffInput } from '../../raster/formats/input/gtiff';
import type { InputFile } from '../../raster/formats/input/types';
import { findFormat } from '../../raster/formats/registry';
import { memoryCube } from '../../raster/memory-cube';
import type { Imagery } from '../../tiles/imagery';
import type { Written } from '../../tiles/types';
import type { ProcessContext } from '../context';
import { workspaceInput } from '../workspace-file';
import { cellsOfBox, TooManyCells } from './covered-cells';
import { imageryOf } from './imagery-argument';

/** Services with this process in their graph are never cached, shared or run by HEAD. */
export const effects = 'write';

type UploadContext = Pick<
  ProcessContext,
  'imagery' | 'user' | 'signal' | 'logger' | 'openFile' | 'limits' | 'raster'
>;

const process = 'tile_upload';
const tilePx = 256;
const mercator = tileMatrixSet('WebMercatorQuad')!;

interface Uploaded {
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly id: string;
  readonly location_hash: string;
  readonly replaced: boolean;
}

function describe({ tile, isNew }: Written): Uploaded {
  return { ...tile.tile, id: tile.id, location_hash: tile.locationHash, replaced: !isNew };
}

function answer(uploaded: readonly Uploaded[], skipped: number) {
  const replaced = uploaded.filter((each) => each.replaced).length;
  return {
    written: uploaded.length - replaced,
    replaced,
    skipped_empty: skipped,
    tiles: uploaded,
  };
}

/** The cells under a cube. @throws OpenEOError `ProcessParameterRequired`, `ProcessParameterInvalid`, `TileInvalid` */
function cellsUnder(cube: Cube, zoom: unknown, limit: number): TileAddress[] {
  if (typeof zoom !== 'number')
    throw new OpenEOError('ProcessParameterRequired', { process, parameter: 'zoom' });
  if (!cube.grid)
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'data',
      reason: 'the cube has lost one of its dimensions x and y, so that no tiles can be cut from it.',
    });
  const { crs, width, height, resX, resY } = cube.grid;
  if (width === 0 || height === 0) return [];
  const { west, south, east, north } = gridBounds(cube.grid);
  // A cell that is touched by less than this part of a pixel is touched by rounding only.
  const [slackX, slackY] = [resX / 1000, resY / 1000];
  const inner = {
    ...{ west: west + slackX, south: south + slackY },
    ...{ east: east - slackX, north: north - slackY },
  };
  try {
    return cellsOfBox(transformBounds(inner, crs, wgs84), zoom, limit);
  } catch (error) {
    if (!(error instanceof TooManyCells)) throw error;
    throw new OpenEOError('TileInvalid', {
      reason: `the cube covers more than ${limit} cells at zoom ${zoom}; write a part of it, or a lower zoom.`,
    });
  }
}

/** What can only be computed as a whole is computed once, not for each tile. */
async function oncePerUpload(cube: Cube, { signal, limits }: UploadContext): Promise<Cube> {
  if (cube.locality === 'local' || !cube.grid) return cube;
  const layers = cube.dimensions.reduce((count, { labels }) => count * (labels?.length ?? 1), 1);
  const values = cube.grid.width * cube.grid.height * layers;
  if (values > limits.pixels)
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: `the tiles need the whole cube of ${values} values and ${limits.pixels} may be computed; restrict its extent.`,
    });
  const { shape, data, valid } = await cube.read({ grid: cube.grid }, signal);
  return memoryCube({ ...cube, shape, data, ...(valid && { valid }) });
}

async function uploadCube(
  cube: Cube,
  args: Arguments,
  entry: object,
  imagery: Imagery,
  context: UploadContext,
) {
  const { signal, logger, limits } = context;
  const format = String(args['format']);
  const cells = cellsUnder(cube, args['zoom'], imagery.limits.cells);
  const whole = await oncePerUpload(cube, context);
  const uploaded: Uploaded[] = [];
  for (const cell of cells) {
    signal.throwIfAborted();
    const picture = await findFormat(format)!.encode(whole, {
      grid: mercator.grid(cell, tilePx),
      options: format === 'png' ? {} : { quality: args['quality'] },
      signal,
      maxPixels: limits.pixels,
    });
    if (!picture.hasData) continue;
    const bytes = picture.body instanceof Uint8Array ? picture.body : await buffer(picture.body);
    uploaded.push(describe(await imagery.upload({ ...cell, ...entry }, bytes, { logger, signal })));
  }
  return answer(uploaded, cells.length - uploaded.length);
}

/** The cell that the end of a path names. @throws OpenEOError `TileInvalid` */
function cellOfPath(path: string): TileAddress {
  const match = /(?:^|\/)(\d{1,2})\/(\d{1,10})\/(\d{1,10})\.\w+$/.exec(path);
  if (!match)
    throw new OpenEOError('TileInvalid', {
      reason: `the path ${path} does not say of which cell the picture is; it must end in {z}/{x}/{y} and an extension. (GeoTIFFs say themselves where they are.)`,
    });
  const [, z, x, y] = match.map(Number);
  return { z, x, y };
}

/** Whether a file says that it is a TIFF, in either order of bytes, or a large one. */
async function isTiff(file: InputFile, signal: AbortSignal): Promise<boolean> {
  if (!file.source || (file.size ?? 0) < 4) return false;
  const [first, second, ...version] = await file.source.read(0, 4, signal);
  const number = first === 0x49 ? version[0] : version[1];
  return first === second && (first === 0x49 || first === 0x4d) && (number === 42 || number === 43);
}

/** A GeoTIFF is cut like any cube; of a picture the path must say which tile it is. */
async function uploadFile(
  path: string,
  args: Arguments,
  entry: object,
  imagery: Imagery,
  context: UploadContext,
) {
  const { logger, signal, limits, raster, openFile } = context;
  const file = await workspaceInput(path, context);
  if (await isTiff(file, signal)) {
    const request = { options: {}, process, maxValues: limits.pixels, raster, signal };
    return await uploadCube(await gtiffInput.load([file], request), args, entry, imagery, context);
  }
  const cell = cellOfPath(file.name);
  const { size, body } = await openFile(file.name);
  const { uploadBytes } = imagery.limits;
  if (size > uploadBytes) {
    body.destroy();
    throw new OpenEOError('FileSizeExceeded', { size: `${uploadBytes} bytes` }, { status: 413 });
  }
  const written = await imagery.upload({ ...cell, ...entry }, await buffer(body), { logger, signal });
  return answer([describe(written)], 0);
}

/**
 * Writes tiles into the catalogue by the rules of the upload endpoint (../../../docs/tile-catalogue.md).
 * @throws OpenEOError `AuthenticationRequired`, `PermissionsInsufficient`, `TileInvalid`, `FileTypeInvalid`,
 *   `FileSizeExceeded`, `FileNotFound`, `SourceUnreadable`, `StorageFailure`, `TileStoreUnavailable`, `ProcessGraphComplexity`
 */
export async function run(args: Arguments, context: UploadContext) {
  const imagery = imageryOf(args, context, process);
  imagery.requireWriter(context.user);
  const { data, source, captured_at } = args;
  const entry = { source, captured_at, flight_id: args['flight_id'] ?? undefined };
  imagery.checkEntry({ z: 0, x: 0, y: 0, ...entry });
  return isCube(data)
    ? await uploadCube(data, args, entry, imagery, context)
    : await uploadFile(String(data), args, entry, imagery, context);
}

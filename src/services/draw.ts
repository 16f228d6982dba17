import { OpenEOError } from '../base/errors';
import type { Grid } from '../geo/types';
import { SavedResult } from '../graph/types';
import { type Cube, layerDimensions } from '../raster/cube';
import { findFormat } from '../raster/formats/registry';
import type { Encoded } from '../raster/formats/types';
import { memoryCube } from '../raster/memory-cube';
import { bufferedCube } from './buffered-cube';
import type { XyzSettings } from './configuration';
import type { Evaluated } from './evaluate';

/** How a result becomes a picture. */
export interface Drawing {
  readonly format: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The format that the graph saves in, or the service's own, stretched over the collection's statistics. */
export function drawingOf({ value }: Evaluated, settings: XyzSettings): Drawing {
  if (value instanceof SavedResult) return { format: value.format, options: value.options };
  return { format: settings.format, options: { stretch: 'statistics' } };
}

function layerCount(cube: Cube): number {
  return layerDimensions(cube).reduce((product, dimension) => product * (dimension.labels?.length ?? 1), 1);
}

/**
 * Draws one tile of a cube.
 * @throws OpenEOError `ResultNotRenderable`, `ProcessGraphComplexity`
 */
export async function drawTile(
  cube: Cube,
  drawing: Drawing,
  grid: Grid,
  settings: XyzSettings,
  maxPixels: number,
  signal: AbortSignal,
): Promise<Encoded> {
  const format = findFormat(drawing.format);
  if (!format)
    throw new OpenEOError('ResultNotRenderable', { reason: `there is no format ${drawing.format}` });
  if (!cube.grid) {
    throw new OpenEOError('ResultNotRenderable', {
      reason: 'it has no horizontal dimensions; end the graph with a raster',
    });
  }
  const layers = layerCount(cube);
  if (format.mediaType.startsWith('image/') && format.mediaType !== 'image/tiff' && layers > 4) {
    throw new OpenEOError('ResultNotRenderable', {
      reason: `it has ${layers} layers and a picture has one to four; reduce time and bands, or pick bands with filter_bands`,
    });
  }
  return format.encode(bufferedCube(await wholeScene(cube, maxPixels, signal), settings.buffer), {
    grid,
    options: drawing.options,
    signal,
    maxPixels,
  });
}

const scenes = new WeakMap<Cube, Promise<Cube>>();

/** A cube that can only be computed as a whole is computed once over its own grid, and tiles are cut from that. */
async function wholeScene(cube: Cube, maxPixels: number, signal: AbortSignal): Promise<Cube> {
  if (cube.locality === 'local' || !cube.grid) return cube;
  const { grid } = cube;
  const size = grid.width * grid.height * layerCount(cube);
  if (size > maxPixels) {
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: `it needs the whole scene of ${size} values and ${maxPixels} may be computed; restrict its extent`,
    });
  }
  let scene = scenes.get(cube);
  if (!scene) {
    scene = cube
      .read({ grid }, signal)
      .then((block) =>
        memoryCube({ ...cube, grid, shape: block.shape, data: block.data, valid: block.valid }),
      );
    scenes.set(cube, scene);
    scene.catch(() => scenes.delete(cube));
  }
  return scene;
}

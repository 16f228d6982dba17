import { OpenEOError } from '../base/errors';
import type { Grid } from '../geo/types';
import { SavedResult } from '../graph/types';
import type { Cube } from '../raster/cube';
import { layerCount } from '../raster/formats/layers';
import { findFormat } from '../raster/formats/registry';
import type { Encoded } from '../raster/formats/types';
import { withinOwnExtent } from '../raster/own-extent';
import { bufferedCube } from './buffered-cube';
import type { XyzSettings } from './configuration';
import type { Evaluated } from './evaluate';
import type { WholeScenes } from './whole-scenes';

/** How a result becomes a picture. */
export interface Drawing {
  readonly format: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** By the graph itself. */
  readonly isChosen: boolean;
}

/** The format that the graph saves in, or the service's own, stretched over the collection's statistics. */
export function drawingOf({ value }: Evaluated, settings: XyzSettings): Drawing {
  if (value instanceof SavedResult) return { format: value.format, options: value.options, isChosen: true };
  return { format: settings.format, options: { stretch: 'statistics' }, isChosen: false };
}

/** What drawing needs beside the cube. */
export interface DrawRequest {
  readonly grid: Grid;
  readonly settings: XyzSettings;
  readonly maxPixels: number;
  readonly scenes: WholeScenes;
  /** Under which its whole scene is kept; undefined: it is not kept. */
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Draws one tile of a cube. One without x and y is the same for all tiles: it becomes JSON where the graph names no
 * format.
 * @throws OpenEOError `ResultNotRenderable`, `ProcessGraphComplexity`
 */
export async function drawTile(cube: Cube, drawing: Drawing, request: DrawRequest): Promise<Encoded> {
  const { grid, settings, maxPixels, scenes, key, signal } = request;
  const format = findFormat(cube.grid || drawing.isChosen ? drawing.format : 'JSON');
  if (!format)
    throw new OpenEOError('ResultNotRenderable', { reason: `there is no format ${drawing.format}` });
  const options = format.name === 'JSON' && !drawing.isChosen ? {} : drawing.options;
  if (!cube.grid) return format.encode(cube, { options, signal, maxPixels });
  const layers = layerCount(cube);
  if (format.mediaType.startsWith('image/') && !format.mediaType.startsWith('image/tiff') && layers > 4) {
    throw new OpenEOError('ResultNotRenderable', {
      reason: `it has ${layers} layers and a picture has one to four; reduce time and bands, or pick bands with filter_bands`,
    });
  }
  const scene = await scenes.of(cube, key, signal);
  const tile = withinOwnExtent(bufferedCube(scene, settings.buffer));
  return format.encode(tile, { grid, options, signal, maxPixels });
}

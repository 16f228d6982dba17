import type { TileAddress } from '../../geo/types';
import type { Cube } from '../../raster/cube';
import { drawPicture } from '../../raster/formats/picture';
import { png } from '../../raster/formats/png';
import { withinOwnExtent } from '../../raster/own-extent';
import { encodeTile, type TileEncoding } from '../encode-tile';
import { type MadeTile, type PyramidPlan, plannedTiles, type TileMaker, type TileWork } from '../types';
import { drawing } from './drawing';
import { mapTiles } from './plan';

export interface CubeMakerOptions {
  readonly cube: Cube;
  readonly plan: PyramidPlan;
  readonly encoding: TileEncoding;
  /** Values of one tile. */
  readonly maxPixels: number;
}

/** Makes the tiles of a cube with a place on Earth, each for itself: what a graph computes may depend on the zoom. */
export function createCubeMaker({ cube, plan, encoding, maxPixels }: CubeMakerOptions): TileMaker {
  const source = withinOwnExtent(cube);
  async function draw(tile: TileAddress, signal: AbortSignal): Promise<MadeTile> {
    const grid = mapTiles.grid(tile, plan.tileSizePx);
    if (encoding.format === 'png' && cube.indexed) {
      // Pictures from colour tables stay what they are, which only this encoder knows.
      const options = { stretch: drawing.stretch, zlevel: encoding.quality };
      const { body, hasData } = await png.encode(source, { grid, options, maxPixels, signal });
      return { body: body as Uint8Array, isEmpty: !hasData };
    }
    const request = { grid, options: {}, maxPixels, signal };
    const { hasData, ...raw } = await drawPicture(source, request, encoding.format, 16383, drawing);
    return { body: await encodeTile(raw, encoding), isEmpty: !hasData };
  }
  return {
    plan,
    close: async () => {},
    async make({ signal, wants, add }: TileWork): Promise<void> {
      for (const tile of plannedTiles(plan)) {
        signal.throwIfAborted();
        if (wants(tile)) await add([tile], async () => [await draw(tile, signal)]);
      }
    },
  };
}

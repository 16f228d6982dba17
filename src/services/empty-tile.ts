import { tileMatrixSet } from '../geo/tile-matrix-set';
import { findFormat } from '../raster/formats/registry';
import { memoryCube } from '../raster/memory-cube';

interface Tile {
  readonly mediaType: string;
  readonly body: Uint8Array;
}

const made = new Map<number, Promise<Tile>>();

/** A transparent PNG of this many pixels a side. */
export function emptyTile(sizePx: number): Promise<Tile> {
  let tile = made.get(sizePx);
  if (!tile) {
    tile = draw(sizePx);
    made.set(sizePx, tile);
    tile.catch(() => made.delete(sizePx));
  }
  return tile;
}

async function draw(sizePx: number): Promise<Tile> {
  const grid = tileMatrixSet('WebMercatorQuad')!.grid({ z: 0, x: 0, y: 0 }, sizePx);
  const cube = memoryCube({
    dimensions: [
      { type: 'spatial', name: 'y', axis: 'y' },
      { type: 'spatial', name: 'x', axis: 'x' },
    ],
    grid,
    data: new Float32Array(sizePx * sizePx).fill(Number.NaN),
    dataType: 'uint8',
  });
  const format = findFormat('PNG')!;
  const signal = new AbortController().signal;
  const { mediaType, body } = await format.encode(cube, {
    options: { zlevel: 9 },
    signal,
    maxPixels: sizePx * sizePx,
  });
  return { mediaType, body: body as Uint8Array };
}

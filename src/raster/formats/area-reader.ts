import { createPace } from '../../base/pace';
import { subGrid } from '../../geo/grid';
import type { Block, NumericArray, Window } from '../cube';
import { createValuesLike } from '../layers';
import { copyCommon } from './areas';
import type { Area, Pixels, Raster, ReadArea } from './layers';
import { bySourceBlocks } from './source-blocks';

function cutOut(block: Pixels, whole: Area, area: Area, layers: number): Pixels {
  const cut = <A extends NumericArray>(source: A): A => {
    const target = createValuesLike(source, layers * area.height * area.width) as A;
    copyCommon(source, whole, target, area, layers);
    return target;
  };
  return { ...block, data: cut(block.data), valid: block.valid && cut(block.valid) };
}

/**
 * How all writers read: areas of the output grid, in any order, each pixel once. A cube that needs its whole scene
 * for any window is read once per group and cut, because each window would compute it anew; others are read by the
 * blocks of their source where it has such.
 */
export function createAreaReader(raster: Raster, signal: AbortSignal): ReadArea {
  const { cube, grid } = raster;
  const rest = createPace(signal);
  const read = async (window: Window): Promise<Pixels> => {
    signal.throwIfAborted();
    // Areas whose blocks are in memory are read without ever waiting.
    await rest();
    const block: Block = await cube.read(window, signal);
    return {
      data: block.data as NumericArray,
      valid: block.valid,
      isNanMissing: cube.missing === 'nan',
    };
  };
  if (cube.locality !== 'whole')
    return bySourceBlocks(raster, (area, group) =>
      read({ grid: subGrid(grid, area.column, area.row, area.width, area.height), select: group?.select }),
    );
  let held: { from: number; pixels: Promise<Pixels> } | undefined;
  const whole: Area = { column: 0, row: 0, width: grid.width, height: grid.height };
  return async (area, group) => {
    const from = group?.from ?? 0;
    if (held?.from !== from) held = { from, pixels: read({ grid, select: group?.select }) };
    return cutOut(await held.pixels, whole, area, group?.count ?? raster.layers.length);
  };
}

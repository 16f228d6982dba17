import type { Block, Cube, Window } from '../cube';
import { layerLengths, planeLength, product } from '../layers';
import { isWide } from '../scenes/scene-meta';

/** What a plain value of a cube of text takes, with its place in the array. */
const textBytes = 32;

/** Bytes that a block takes. */
export function bytesOf({ data, valid }: Pick<Block, 'data' | 'valid'>): number {
  return (Array.isArray(data) ? data.length * textBytes : data.byteLength) + (valid?.byteLength ?? 0);
}

/** Bytes that the block of a window will take, at most as a rule: numbers are computed in 32 bits or in 64. */
export function expectedBytes(
  cube: Pick<Cube, 'grid' | 'dimensions' | 'dataType' | 'missing'>,
  window: Window,
) {
  const values = product(layerLengths(cube, window)) * planeLength(window);
  const perValue = cube.dataType === 'text' ? textBytes : isWide(cube.dataType) ? 8 : 4;
  return values * (perValue + (cube.missing === 'mask' ? 1 : 0));
}

import type { TileAddress } from '../../../src/geo/types';
import type { TileSource } from '../../../src/tiles/types';
import { seededRandom } from '../../support/tile-stores';

/** Cells and their location hashes as Python's `uuid` computes them. */
export const cellVectors: readonly (readonly [string, string])[] = [
  ['18/154321/95812', 'af353dd6-222d-5599-9d45-d71d19ecd6c6'],
  ['0/0/0', 'f5a814d5-2eb6-5827-9a34-d0c57c410b81'],
  ['1/1/0', '6984d07d-b8a7-5927-9bc0-0dbaaa49074d'],
  ['9/303/187', '11161cb5-2b74-5230-a277-83f81ae8452e'],
  ['12/1000/2000', '12ee96e7-0cb7-587e-af4c-7d6a96a29bb9'],
  ['18/12345/23456', '38b26f49-a966-5121-aaf4-9cc476f57869'],
  ['18/154321/95813', 'af8ea9da-40f2-5cd2-b1c4-8520928daed6'],
  ['18/154322/95812', '896e0654-40e8-59c0-8c00-1ef490f9545b'],
  ['22/4194303/4194303', 'a3439dd2-b129-5634-9838-48913741757b'],
];

export const idVectors: readonly (readonly [string, TileSource, string | undefined, string])[] = [
  ['18/154321/95812', 'google_maps', undefined, '25fc9691-cab0-5055-a613-8160429d90c0'],
  ['18/154321/95812', 'uav', undefined, 'a6efe372-1e3c-5744-b4dc-88951d55ea30'],
  ['18/154321/95812', 'uav', '00000000-0000-4000-8000-000000000001', 'a4f31da7-11ce-53a0-a6dd-bffbb7de9510'],
];

export function cellOf(name: string): TileAddress {
  const [z, x, y] = name.split('/').map(Number);
  return { z, x, y };
}

/** Cells of all zooms, the same ones in every run. */
export function randomTiles(count: number, seed = 4711): TileAddress[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const z = random(31);
    return { z, x: random(2 ** z), y: random(2 ** z) };
  });
}

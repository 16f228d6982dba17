import type { Grid } from '../geo/types';
import { goesRound, reducedGrid } from './band-reader';
import { coverage } from './crop';
import { gridBounds } from './cube';
import type { FilePool } from './files';
import { chooseLevel, reduction } from './levels';
import type { PatchReader } from './patches';
import type { MeanPictureOptions } from './source';
import { areaReach } from './warp/aggregate';
import { createMapping, sourceWindow } from './warp/mapping';
import { meanOfBytes } from './warp/mean-bytes';

/** Part of a source pixel by which positions may be off. */
const tolerance = 0.001;

/** See `RasterReader.meanPicture`. */
export async function meanPicture(
  { href, colours, opacity }: MeanPictureOptions,
  grid: Grid,
  { files, patches }: { readonly files: FilePool; readonly patches: PatchReader },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const channels = colours.length + 1;
  const picture = new Uint8Array(grid.width * grid.height * channels);
  const file = await files.open(href, signal);
  const cover = coverage(grid, { crs: file.grid.crs, boxes: [gridBounds(file.grid)] });
  if (cover === 'none') return picture;
  const level = chooseLevel(file, reduction(grid, file.grid));
  const mapping = createMapping(grid, reducedGrid(file.grid, level), tolerance);
  const { width, height } = level.image;
  const window = sourceWindow(mapping, { width, height, wrapsX: goesRound(file.grid) }, areaReach);
  if (!window) return picture;
  const read = (sample: number) => patches.read(file, level, sample, window, signal);
  const [bands, alpha] = await Promise.all([
    Promise.all(colours.map(read)),
    opacity === undefined ? undefined : read(opacity),
  ]);
  signal.throwIfAborted();
  meanOfBytes(
    mapping,
    {
      ...bands[0],
      colours: bands.map(({ data }) => data as Uint8Array),
      opacity: alpha?.data as Uint8Array | undefined,
      nodata: file.nodata ?? Number.NaN,
    },
    picture,
  );
  if (cover !== 'all') hide(picture, channels, cover);
  return picture;
}

/** Makes pixels transparent that are not covered. */
function hide(picture: Uint8Array, channels: number, cover: Uint8Array): void {
  for (let pixel = 0, at = 0; pixel < cover.length; pixel++, at += channels)
    if (cover[pixel] === 0) for (let channel = 0; channel < channels; channel++) picture[at + channel] = 0;
}

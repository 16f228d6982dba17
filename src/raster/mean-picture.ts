import type { Grid } from '../geo/types';
import { goesRound, reducedGrid } from './band-reader';
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
  room?: Uint8Array,
): Promise<Uint8Array> {
  const channels = colours.length + 1;
  const length = grid.width * grid.height * channels;
  const picture = room?.length === length ? room.fill(0) : new Uint8Array(length);
  const file = await files.open(href, signal);
  const level = chooseLevel(file, reduction(grid, file.grid));
  const mapping = createMapping(grid, reducedGrid(file.grid, level), tolerance);
  const { width, height } = level.image;
  const wrapsX = goesRound(file.grid);
  const window = sourceWindow(mapping, { width, height, wrapsX }, areaReach);
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
      sourceColumns: wrapsX ? Number.POSITIVE_INFINITY : width,
      sourceRows: height,
    },
    picture,
  );
  return picture;
}

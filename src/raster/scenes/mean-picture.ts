import type { Grid } from '../../geo/types';
import type { FilePool } from '../files';
import type { MeanPictureOptions, PictureRoom } from '../source';
import { areaReach } from '../warp/aggregate';
import { createMapping } from '../warp/mapping';
import { meanOfBytes, sourceEdges } from '../warp/mean/bytes';
import { isForVectors, meanOfColours } from '../warp/mean/vectors';
import { sourceWindow } from '../warp/source-window';
import { goesRound, reducedGrid } from './band-reader';
import { chooseLevel, reduction } from './levels';
import { PatchReader } from './patches';

/** Source pixels beyond so many bytes are read plane by plane, which says where they are too many. */
const maxSourceBytes = 64 * 1024 * 1024;
/** Part of a source pixel by which positions may be off. */
const tolerance = 0.001;

/** See `RasterReader.meanPicture`. */
export async function meanPicture(
  { href, colours, opacity }: MeanPictureOptions,
  grid: Grid,
  { files, patches }: { readonly files: FilePool; readonly patches: PatchReader },
  signal: AbortSignal,
  room: PictureRoom = {},
): Promise<Uint8Array> {
  const length = grid.width * grid.height * (colours.length + 1);
  if (room.picture?.length === length) room.picture.fill(0);
  else room.picture = new Uint8Array(length);
  const { picture } = room;
  const file = await files.open(href, signal);
  const level = chooseLevel(file, reduction(grid, file.grid));
  const mapping = createMapping(grid, reducedGrid(file.grid, level), tolerance);
  const { width, height } = level.image;
  const wrapsX = goesRound(file.grid);
  const window = sourceWindow(mapping, { width, height, wrapsX }, areaReach);
  if (!window) return picture;
  const isOfThree = level.image.samples === 3 && colours.join() === '0,1,2' && opacity === undefined;
  if (isOfThree && !wrapsX && PatchReader.hasPlainPixels(file, level) && isForVectors(mapping)) {
    const { x0, y0 } = window;
    const size = { width: window.x1 - x0, height: window.y1 - y0 };
    const bytes = size.width * size.height * 3;
    if (bytes <= maxSourceBytes) {
      if (!room.source || room.source.length < bytes) room.source = new Uint8Array(bytes);
      await patches.readPixels(file, level, window, room.source, signal);
      signal.throwIfAborted();
      const edges = sourceEdges({ x0, y0, sourceColumns: width, sourceRows: height });
      meanOfColours(mapping, { bytes: room.source, x0, y0, ...size }, edges, picture);
      return picture;
    }
  }
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

import { OpenEOError } from '../../base/errors';
import { sameCrs, webMercator } from '../../geo/crs';
import { snappedGrid, unionBounds } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import type { BlockCache } from '../block-cache';
import { type Block, type Cube, defineCube, gridBounds, layerDimensions, type Window } from '../cube';
import { cubeDimensions } from '../cube-dimensions';
import { selectedIndices } from '../layers';
import { BandReader } from '../scenes/band-reader';
import { reduction } from '../scenes/levels';
import { refuseHuge } from '../scenes/scene-window';
import type { MosaicCubeOptions } from '../source';
import { emptyLike, isFull, underlay } from '../underlay';
import type { Output } from '../warp/patch';
import { MosaicPatches, maxCells } from './patches';
import { type MosaicPyramid, mosaicPyramid } from './pyramid';

interface Tools {
  readonly cache: BlockCache;
  /** Values of one window; absent: any number. */
  readonly maxValues?: number;
}

/** Output pixels per side that are read together (see `BandReader`). */
const chunkPx = 1024;
/** A zoom level whose pixels are this much larger than those of a window still has a pixel for each. */
const fitting = 1 / 1.01;

/** Makes a cube of pictures of cells; see `RasterReader.mosaicCube`. */
export function createMosaicCube(options: MosaicCubeOptions, tools: Tools): Cube {
  const pyramids = options.levels.map(mosaicPyramid);
  const finest = pyramids[pyramids.length - 1].grid;
  const dimensions = cubeDimensions(options, [options.time]);
  const cube: Cube = defineCube({
    dimensions,
    grid: snappedGrid(pyramids.map(({ grid }) => gridBounds(grid)).reduce(unionBounds), finest),
    dataType: 'uint8',
    nodata: null,
    missing: 'nan',
    locality: 'local',
    isGridFixed: false,
    dataVersion: options.dataVersion,
    read: (window, signal) => readMosaic(cube, pyramids, options, tools, window, signal),
  });
  return cube;
}

async function readMosaic(
  cube: Cube,
  pyramids: readonly MosaicPyramid[],
  options: MosaicCubeOptions,
  { cache, maxValues }: Tools,
  window: Window,
  signal: AbortSignal,
): Promise<Block> {
  const { grid } = window;
  if (!grid) throw new TypeError('A window of a cube with a grid needs a grid');
  signal.throwIfAborted();
  const layers = layerDimensions(cube);
  const selected = layers.map((dimension) => selectedIndices(dimension, window));
  const lengths = selected.map(({ length }) => length);
  const count = lengths.reduce((product, length) => product * length, 1);
  const pixels = grid.width * grid.height;
  refuseHuge(count * pixels, maxValues);
  const data = new Float32Array(count * pixels).fill(Number.NaN);
  const bands = bandOfLayers(layers, selected, options);
  const outputs = bands.map(
    (_, layer): Output => ({
      data: data.subarray(layer * pixels, (layer + 1) * pixels),
      width: grid.width,
    }),
  );
  const ordered = bestFirst(pyramids, grid);
  for (const [index, pyramid] of ordered.entries()) {
    const open = index === 0 ? outputs : outputs.filter((output) => !isFull(output));
    if (open.length === 0) break;
    const reader = new BandReader(
      new MosaicPatches(cache, options.find, sameCrs(grid.crs, webMercator)),
      grid,
      'near',
      signal,
    );
    await Promise.all(
      open.map(async (output) => {
        const target = index === 0 ? output : emptyLike(output);
        const { sample } = options.bands[bands[outputs.indexOf(output)]];
        await reader.read({ file: pyramid, sample, missing: { nodata: Number.NaN, isNan: false } }, target);
        if (target !== output) underlay(output, target);
      }),
    );
  }
  return { grid, shape: [...lengths, grid.height, grid.width], data };
}

/** The band of each layer of a block, whichever of time and bands comes first. */
function bandOfLayers(
  layers: Cube['dimensions'],
  selected: readonly (readonly number[])[],
  { names }: MosaicCubeOptions,
): number[] {
  const isTimeFirst = layers[0].name === names.t;
  const [first, second] = selected;
  return first.flatMap((one) => second.map((other) => (isTimeFirst ? other : one)));
}

/**
 * The zoom levels in the order in which they are looked into: the coarsest that has a pixel for each of the window's,
 * then finer ones, then coarser ones. Those whose cells are too many for the window are left out.
 * @throws OpenEOError `ProcessGraphComplexity` where that leaves none
 */
function bestFirst(pyramids: readonly MosaicPyramid[], grid: Grid): MosaicPyramid[] {
  const rated = pyramids.map((pyramid) => ({ pyramid, ratio: reduction(grid, pyramid.grid) }));
  const side = (length: number) => Math.min(length, chunkPx);
  const usable = rated.filter(({ pyramid, ratio }) => {
    const cells = (side(grid.width) * side(grid.height) * ratio ** 2) / pyramid.level.sizePx ** 2;
    const { columns, rows } = pyramid.level;
    const existing = (columns[1] - columns[0] + 1) * (rows[1] - rows[0] + 1);
    return Math.min(cells, existing) <= maxCells;
  });
  if (usable.length === 0)
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: `at this scale it would take more than ${maxCells} tiles at once, the coarsest being of zoom ${pyramids[0].level.zoom}; ask for a finer scale, or add coarser tiles.`,
    });
  const fine = usable.filter(({ ratio }) => ratio >= fitting).sort((one, other) => one.ratio - other.ratio);
  const coarse = usable.filter(({ ratio }) => ratio < fitting).sort((one, other) => other.ratio - one.ratio);
  return [...fine, ...coarse].map(({ pyramid }) => pyramid);
}

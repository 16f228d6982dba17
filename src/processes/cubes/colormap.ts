import { OpenEOError, ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  layerDimensions,
  type Window,
} from '../../raster/cube';
import { allIndices, blockShape, labelCount, layerLengths, product } from '../../raster/layers';
import { recycle, recycleInput } from '../../raster/recycled';
import { replaceDimension } from '../../raster/select-labels';
import { addSingleLabel } from '../../raster/single-label';
import type { BandsDimension } from './band-lookup';
import { colorScale, colorScaleNames } from './color-scales';
import { type ColorTable, classTable, parseColor, type Rgba, scaleTable } from './color-table';
import { dimensionsOfType, refuseDimension, requireGrid } from './cube-dimensions';

const channels = ['red', 'green', 'blue', 'alpha'] as const;

/** The single band of a cube; one is added where it has no bands. */
function withOneBand(cube: Cube): { readonly cube: Cube; readonly band: BandsDimension } {
  const [band, ...others] = dimensionsOfType(cube, 'bands');
  if (!band) {
    refuseDimension(cube, 'bands');
    const added: BandsDimension = { type: 'bands', name: 'bands', labels: ['value'] };
    return { cube: addSingleLabel(cube, added), band: added };
  }
  if (others.length > 0 || band.labels.length !== 1)
    throw new ProcessException(
      'DimensionAmbiguous',
      `Colours need one value per pixel, but there are ${band.labels.length} bands; choose one by filter_bands or reduce_dimension.`,
    );
  return { cube, band };
}

function reversed(stops: readonly (readonly [number, Rgba])[]): (readonly [number, Rgba])[] {
  return stops.map(([value], index) => [value, stops[stops.length - 1 - index][1]] as const);
}

function tableOf(args: Arguments, band: BandsDimension, missing: Cube['missing']): ColorTable {
  const { palette } = args;
  const turn = args.reverse ? reversed : (stops: readonly (readonly [number, Rgba])[]) => stops;
  if (Array.isArray(palette)) {
    const stops = (palette as [number, unknown][]).map(
      ([value, color]) => [value, parseColor(color)] as const,
    );
    return scaleTable(turn(stops.toSorted(([one], [other]) => one - other)), missing);
  }
  if (typeof palette === 'object')
    return classTable(
      Object.entries(palette ?? {}).map(([value, color]) => [Number(value), parseColor(color)] as const),
    );
  const points = colorScale(String(palette));
  if (!points)
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'colormap',
      parameter: 'palette',
      reason: `there is no colour scale "${String(palette)}"; there are ${colorScaleNames.join(', ')}`,
    });
  const statistics = band.bands?.[0]?.statistics;
  const [min, max] = [args.min ?? statistics?.minimum, args.max ?? statistics?.maximum] as (
    | number
    | undefined
  )[];
  if (min === undefined || max === undefined)
    throw new ProcessException(
      'DomainMissing',
      'The range of the values is not known; give "min" and "max".',
    );
  if (!(min < max))
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'colormap',
      parameter: 'max',
      reason: `it must be larger than min (${min}); "reverse" turns the colours around`,
    });
  // Colours are spread over positions from 0 to 1 first, so that reversing them keeps uneven ones in place.
  const shown = points.map(([at, color]) => [args.reverse ? 1 - at : at, parseColor(color)] as const);
  return scaleTable(
    shown
      .toSorted(([one], [other]) => one - other)
      .map(([at, color]) => [min + at * (max - min), color] as const),
    missing,
  );
}

/** One value becomes one colour, so a window needs the same window. */
export function run(args: Arguments): Cube {
  requireGrid(args.data as Cube, 'colormap', 'data');
  const { cube, band } = withOneBand(args.data as Cube);
  const table = tableOf(args, band, cube.missing);
  const { palette } = table;
  const position = layerDimensions(cube).findIndex(({ name }) => name === band.name);
  const layers = product(layerDimensions(cube).map(labelCount));
  const dimension: Dimension = {
    type: 'bands',
    name: band.name,
    labels: channels,
    bands: channels.map((name) => (name === 'alpha' ? { name } : { name, commonName: name })),
  };
  const withoutBands = (window: Window): Window => {
    const select = new Map(window.select);
    select.delete(band.name);
    return { ...window, select };
  };
  const fused = table.step && cube.fuse?.(table.step);
  const indicesOf = async (window: Window, signal: AbortSignal): Promise<Uint8Array> => {
    if (fused) return (await fused.read(withoutBands(window), signal)).data as Uint8Array;
    const block = await cube.read(withoutBands(window), signal);
    const data = await table.index(block, signal);
    recycleInput(block, { data });
    return data;
  };

  const result: Cube = deriveCube(cube, {
    dimensions: replaceDimension(cube, band.name, dimension),
    dataType: 'uint8',
    missing: 'mask',
    nodata: null,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      const shape = blockShape(lengths, window);
      const data = new Uint8Array(product(shape));
      if (data.length === 0) return { grid: window.grid, shape, data };
      const wanted = window.select?.get(band.name) ?? allIndices(channels.length);
      const indices = await indicesOf(window, signal);
      const before = product(lengths.slice(0, position));
      const after = indices.length / before;
      let to = 0;
      for (let piece = 0; piece < before; piece++)
        for (const channel of wanted)
          for (let i = piece * after; i < (piece + 1) * after; i++)
            data[to++] = palette[indices[i] * 4 + channel];
      recycle(indices);
      return { grid: window.grid, shape, data };
    },
    indexed:
      layers === 1
        ? {
            palette,
            read: indicesOf,
          }
        : undefined,
  });
  return result;
}

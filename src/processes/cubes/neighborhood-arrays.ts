import { ProcessException } from '../../base/errors';
import { subGrid } from '../../geo/grid';
import type { Callback } from '../../graph/types';
import { type Block, type Cube, deriveCube, layerDimensions, type Window } from '../../raster/cube';
import { gridLabels } from '../../raster/labelled-view';
import { latticeOver } from '../../raster/lattice';
import {
  allIndices,
  blockShape,
  layerLengths,
  missingBlock,
  planeLength,
  product,
} from '../../raster/layers';
import { inRowChunks } from '../../raster/row-chunks';
import { pickAlong } from '../../raster/transpose';
import { type AlongResult, axisAt, evaluateAlong } from './along-dimension';
import { BlockMosaic } from './block-mosaic';
import { arrayInput, type PixelCallback, preparePixels } from './cube-callbacks';
import { relabel } from './cube-dimensions';
import { isLabelBlind } from './label-groups';
import { type Neighborhoods, placesOf } from './neighborhood-labels';
import { chunksOf } from './neighborhood-pixels';
import { pickedLabels } from './picked-labels';
import { rangesAfter } from './value-range';

function checkOutputs({ outputs }: AlongResult, count: number): void {
  if (outputs !== count)
    throw new ProcessException(
      'DataCubePropertiesImmutable',
      `The process made ${outputs} values of an array of ${count}; it has to keep the number.`,
    );
}

/**
 * Neighbourhoods that are longer than one label or pixel on a single dimension: the callback gets arrays, for
 * all places beside the dimension at once. Undefined where they are longer on several dimensions.
 */
export function arrayNeighborhoods(
  cube: Cube,
  plan: Neighborhoods,
  callback: Callback,
  context: unknown,
): Cube | undefined {
  const native = cube.grid!;
  const layers = layerDimensions(cube);
  const { x, y } = plan.pixels(native);
  const isLong = (axis: typeof x, length: number) => axis.overlap > 0 || (axis.size ?? length) !== 1;
  const longLayers = allIndices(layers.length).filter((position) =>
    plan.labels[position].some(({ sources }) => sources.length !== 1),
  );
  const longPixels = [isLong(x, native.width), isLong(y, native.height)];
  if (longLayers.length + longPixels.filter(Boolean).length > 1) return undefined;

  const isBlind = isLabelBlind(callback);
  const known = new Map<string, PixelCallback>();
  const prepare = (labels: readonly (number | string)[]): PixelCallback => {
    const key = isBlind ? String(labels.length) : JSON.stringify(labels);
    const found = known.get(key) ?? preparePixels(callback, { data: arrayInput(labels) }, context, cube);
    if (known.size < 1000) known.set(key, found);
    return found;
  };
  const [position] = longLayers;
  const sample = position === undefined ? prepare([0]) : prepare(plan.labels[position][0]?.labels ?? []);
  const layout = { dataType: sample.dataType, missing: sample.missing };
  const read = position === undefined ? readPixels : readLabels;

  async function readLabels(part: Window, mosaic: BlockMosaic, signal: AbortSignal): Promise<void> {
    const { name } = layers[position];
    const lengths = layerLengths(cube, part);
    const others = lengths.map((length) => allIndices(length));
    const wanted = part.select?.get(name) ?? allIndices(lengths[position]);
    for (const chunk of plan.labels[position]) {
      const { places, labels } = placesOf(chunk, wanted);
      if (places.length === 0) continue;
      const count = chunk.sources.length;
      const select = new Map(part.select);
      select.delete(name);
      const input = pickedLabels(cube, relabel(layers[position], chunk.labels), chunk.sources);
      const block = await input.read({ ...part, select }, signal);
      const axis = axisAt(lengths, position, planeLength(part), count, allIndices(count));
      const callbackOf = prepare(chunk.labels);
      const values = await evaluateAlong(callbackOf, 'data', block, axis, signal);
      checkOutputs(values, count);
      const shape = blockShape(lengths.with(position, places.length), part);
      const picked = pickAlong(values, axis.before, count, axis.after, labels);
      mosaic.put({ grid: part.grid, shape, ...picked }, callbackOf.missing, others.with(position, places));
    }
  }

  async function readPixels(part: Window, mosaic: BlockMosaic, signal: AbortSignal): Promise<void> {
    const grid = part.grid!;
    const lattice = latticeOver(native, grid);
    const own = plan.pixels(lattice.grid);
    const isAlongX = !longPixels[1];
    const whole = { size: undefined, overlap: 0 };
    const lengths = layerLengths(cube, part);
    const places = lengths.map((length) => allIndices(length));
    const chunks = chunksOf(lattice, grid, isAlongX ? own.x : whole, isAlongX ? whole : own.y);
    for (const { grid: around, core, column, row } of chunks) {
      signal.throwIfAborted();
      const first = {
        column: Math.round((around.originX - core.originX) / core.resX),
        row: Math.round((core.originY - around.originY) / core.resY),
      };
      const area = isAlongX
        ? subGrid(core, first.column, 0, around.width, core.height)
        : subGrid(core, 0, first.row, core.width, around.height);
      const block = await cube.read({ ...part, grid: area }, signal);
      const count = isAlongX ? area.width : area.height;
      const axis = {
        before: product(lengths) * (isAlongX ? area.height : 1),
        length: count,
        read: allIndices(count),
        after: isAlongX ? 1 : area.width,
      };
      const callbackOf = prepare(gridLabels(area, isAlongX ? 'x' : 'y'));
      const values = await evaluateAlong(callbackOf, 'data', block, axis, signal);
      checkOutputs(values, count);
      const start = isAlongX ? -first.column : -first.row;
      const kept = allIndices(isAlongX ? core.width : core.height).map((offset) => start + offset);
      const picked = pickAlong(values, axis.before, count, axis.after, kept);
      const shape = [...lengths, core.height, core.width];
      mosaic.put({ grid: core, shape, ...picked }, callbackOf.missing, places, column, row);
    }
  }

  const result: Cube = deriveCube(cube, {
    dimensions: rangesAfter(cube.dimensions, callback),
    ...layout,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(cube, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      return await inRowChunks(window, 3 * product(lengths), async (part) => {
        const mosaic = new BlockMosaic(result, part);
        await read(part, mosaic, signal);
        return mosaic.block;
      });
    },
  });
  return result;
}

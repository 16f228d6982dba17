import { ProcessException } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  layerDimensions,
  type Window,
} from '../../raster/cube';
import { allIndices, labelCount, layerLengths, product } from '../../raster/layers';
import { type Accumulator, arrayReducer, type Reduced } from './array-reducer';
import { asCallback } from './cube-callbacks';
import { requireGrid } from './cube-dimensions';
import { readGeometries } from './geometry-argument';
import { reducedBlock } from './reduced-block';
import { rangesAfter } from './value-range';
import { geometryValues } from './zonal-values';

const process = 'aggregate_spatial';
const countLabels = ['value', 'total_count', 'valid_count'];

/** The geometry dimension under a name that no other dimension has. */
function named(dimension: Dimension, others: readonly Dimension[]): Dimension {
  const taken = new Set(others.map(({ name }) => name));
  let { name } = dimension;
  for (let number = 2; taken.has(name); number++) name = `${dimension.name}_${number}`;
  return { ...dimension, name };
}

async function resultsOf(
  accumulators: readonly Accumulator[] | undefined,
  layers: number,
  hasCounts: boolean,
  signal: AbortSignal,
): Promise<Reduced[]> {
  const results: Reduced[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const accumulator = accumulators?.[layer];
    results.push(accumulator ? await accumulator.finish(signal) : null);
    if (hasCounts) results.push(accumulator?.total ?? null, accumulator?.valid ?? null);
  }
  return results;
}

/** The geometries come first, then the other dimensions of the cube, then the counts. */
export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  requireGrid(cube, process, 'data');
  const target = args.target_dimension as string | null;
  const { dimension, geometries, crs } = readGeometries(args.geometries, process, 'geometries');
  const others = layerDimensions(cube);
  if (target !== null && cube.dimensions.some(({ name }) => name === target))
    throw new ProcessException('TargetDimensionExists', `The cube has a dimension "${target}" already.`);
  const counts: Dimension[] = target === null ? [] : [{ type: 'other', name: target, labels: countLabels }];
  const zones = named(dimension, [...others, ...counts]);
  const reducer = arrayReducer(asCallback(args.reducer), args.context, cube, process);
  const isNumber = reducer.dataType !== 'text' && (target !== null || reducer.dataType !== 'boolean');

  const result: Cube = deriveCube(cube, {
    dimensions: rangesAfter([zones, ...others, ...counts], asCallback(args.reducer)),
    grid: undefined,
    dataType: isNumber ? 'float64' : reducer.dataType,
    missing: 'mask',
    locality: 'whole',
    isGridFixed: false,
    async read({ select }: Window, signal: AbortSignal): Promise<Block> {
      const wanted = select?.get(zones.name) ?? allIndices(labelCount(zones));
      const wantedCounts = target === null ? [0] : (select?.get(target) ?? allIndices(countLabels.length));
      const inner = new Map(
        [...(select ?? [])].filter(([name]) => others.some((other) => other.name === name)),
      );
      const layers = product(layerLengths({ dimensions: others }, { select: inner }));
      const values: Reduced[] = [];
      const rest = createPace(signal);
      for (const index of wanted) {
        await rest();
        const zone = await geometryValues(cube, geometries[index], crs, reducer, inner, signal);
        const all = await resultsOf(zone, layers, target !== null, signal);
        const width = target === null ? 1 : countLabels.length;
        for (let layer = 0; layer < layers; layer++)
          for (const count of wantedCounts) values.push(all[layer * width + count]);
      }
      return reducedBlock(result.dataType, layerLengths(result, { select }), values);
    },
  });
  return result;
}

import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, layerDimensions, type Window } from '../../raster/cube';
import { layerLengths } from '../../raster/layers';
import { arrayReducer, type Reduced } from './array-reducer';
import { asCallback } from './cube-callbacks';
import { requireGrid } from './cube-dimensions';
import { reducedBlock } from './reduced-block';
import { rangesAfter } from './value-range';
import { allValues } from './zonal-values';

const process = 'reduce_spatial';

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  requireGrid(cube, process, 'data');
  const reducer = arrayReducer(asCallback(args.reducer), args.context, cube, process);
  const isNumber = reducer.dataType !== 'text' && reducer.dataType !== 'boolean';
  const result: Cube = deriveCube(cube, {
    dimensions: rangesAfter(layerDimensions(cube), asCallback(args.reducer)),
    grid: undefined,
    dataType: isNumber ? 'float64' : reducer.dataType,
    missing: 'mask',
    locality: 'whole',
    isGridFixed: false,
    async read({ select }: Window, signal: AbortSignal): Promise<Block> {
      const values: Reduced[] = [];
      for (const accumulator of await allValues(cube, reducer, select, signal))
        values.push(await accumulator.finish(signal));
      return reducedBlock(result.dataType, layerLengths(result, { select }), values);
    },
  });
  return result;
}

import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { selectLabels } from '../../raster/select-labels';
import type { ProcessContext } from '../context';
import { asCallback } from './cube-callbacks';
import { dimensionLabels } from './cube-dimensions';

export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const cube = args.data as Cube;
  const name = args.dimension as string;
  const condition = asCallback(args.condition);
  const rest = createPace(signal);
  const kept: number[] = [];
  for (const [index, value] of dimensionLabels(cube, name).entries()) {
    await rest();
    if ((await condition.call({ value, context: args.context ?? null }, signal)) === true) kept.push(index);
  }
  return selectLabels(cube, name, kept);
}

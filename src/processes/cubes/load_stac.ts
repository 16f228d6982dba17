import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import type { ProcessContext } from '../context';
import { loadScenes } from './load-scenes';

/** A catalog of several collections becomes one cube; its dimensions are those of the first collection. */
export async function run(args: Arguments, context: ProcessContext): Promise<Cube> {
  const catalog = await context.openStac(args.url as string, context.signal);
  const sources = (await catalog.list()).map((document) => ({ catalog, document }));
  return await loadScenes(sources, args, 'load_stac', context);
}

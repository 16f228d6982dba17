import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import type { ProcessContext } from '../context';
import { loadScenes } from './load-scenes';

export async function run(args: Arguments, context: ProcessContext): Promise<Cube> {
  const id = args.id as string;
  const document = await context.catalog.get(id);
  if (!document) throw new OpenEOError('CollectionNotFound', { identifier: id });
  return await loadScenes([{ catalog: context.catalog, document }], args, 'load_collection', context);
}

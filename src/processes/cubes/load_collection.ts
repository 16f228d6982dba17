import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import type { ProcessContext } from '../context';
import { loadImagery } from './load-imagery';
import { loadScenes } from './load-scenes';

export async function run(args: Arguments, context: ProcessContext): Promise<Cube> {
  const id = args.id as string;
  const { imagery } = context;
  if (imagery && id === imagery.collectionId) return await loadImagery(imagery, args, context);
  const document = await context.catalog.get(id);
  if (!document) throw new OpenEOError('CollectionNotFound', { identifier: id });
  return await loadScenes([{ catalog: context.catalog, document }], args, 'load_collection', context);
}

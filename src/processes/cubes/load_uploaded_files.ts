import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import type { InputFile } from '../../raster/formats/input/types';
import type { ProcessContext } from '../context';
import { workspaceInput } from '../workspace-file';
import { loadFiles } from './load-files';

type FileContext = Pick<ProcessContext, 'openFile' | 'signal' | 'raster' | 'limits' | 'memory'>;

/** The files stay where they are; a cube of pixels reads them by blocks when it is read. */
export async function run(args: Arguments, context: FileContext): Promise<Cube> {
  const paths = args.paths as readonly string[];
  if (paths.length === 0)
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'load_uploaded_files',
      parameter: 'paths',
      reason: 'it names no file',
    });
  const files: InputFile[] = [];
  for (const path of paths) files.push(await workspaceInput(path, context));
  return await loadFiles(files, args, 'load_uploaded_files', context);
}

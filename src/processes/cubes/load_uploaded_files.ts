import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { RangedSource } from '../../raster/bytes/ranged';
import { unreadable } from '../../raster/bytes/unreadable';
import type { Cube } from '../../raster/cube';
import type { InputFile } from '../../raster/formats/input/types';
import type { ProcessContext } from '../context';
import { workspacePath } from '../workspace-file';
import { loadFiles } from './load-files';

type FileContext = Pick<ProcessContext, 'openFile' | 'signal' | 'raster' | 'limits' | 'memory'>;

/** A file by its owner and version: the names of two users' files are never the same. */
async function inputFile(path: string, { openFile }: FileContext): Promise<InputFile> {
  const name = workspacePath(path);
  const { owner, size, version, body } = await openFile(name, { start: 0, end: 0 });
  body.on('error', () => {}).destroy();
  const href = `workspace:${owner}/${version}/${name}`;
  const source = new RangedSource(href, version, (start, end) => openFile(name, { start, end }));
  return {
    name,
    href,
    source,
    size,
    async bytes(maxBytes) {
      if (size > maxBytes) throw unreadable(href, `it has ${size} bytes, and ${maxBytes} can be loaded`);
      return await source.read(0, size);
    },
  };
}

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
  for (const path of paths) files.push(await inputFile(path, context));
  return await loadFiles(files, args, 'load_uploaded_files', context);
}

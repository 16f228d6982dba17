import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { findInputFormat, inputFormats } from '../../raster/formats/input/registry';
import type { InputFile } from '../../raster/formats/input/types';
import { unsuitable } from '../../raster/formats/unsuitable';
import type { ProcessContext } from '../context';

/**
 * What `load_uploaded_files` and `load_url` have in common: the cube of files in a format.
 * @throws ProcessException `FormatUnsuitable`; OpenEOError of the format and the files
 */
export async function loadFiles(
  files: readonly InputFile[],
  args: Arguments,
  process: string,
  context: Pick<ProcessContext, 'signal' | 'raster' | 'limits'>,
): Promise<Cube> {
  const format = findInputFormat(args.format as string);
  if (!format)
    throw unsuitable(
      `There is no input format "${String(args.format)}"; there are ${inputFormats.map(({ name }) => name).join(', ')}.`,
    );
  return await format.load(files, {
    options: args.options as Readonly<Record<string, unknown>>,
    process,
    signal: context.signal,
    maxValues: context.limits.pixels,
    raster: context.raster,
  });
}

import { OpenEOError } from '../../../../base/errors';
import { Limiter } from '../../../../base/limiter';
import type { Cube } from '../../../cube';
import { readOptions } from '../../options';
import { unsuitable } from '../../unsuitable';
import { readAll, readCrs } from '../read-all';
import type { InputFile, InputFormat, LoadRequest } from '../types';
import { contentVersion } from '../version';
import { cubeOfVariables } from './cube';
import { openVariables } from './open';
import { type VariableOptions, variableParameters } from './options';
import type { VariableFormat } from './types';

const maxBytes = 128 << 20;
/** Files that are decoded at the same time, each of which may take much memory. */
const threads = new Limiter(2);

type Load = (
  bytes: Uint8Array,
  file: InputFile,
  options: VariableOptions,
  request: LoadRequest,
) => Promise<Cube>;

/** The cube of a file of variables. @throws ProcessException `FormatUnsuitable`; OpenEOError; the signal's reason */
export async function loadVariables(
  format: VariableFormat,
  ...[bytes, file, options, request]: Parameters<Load>
): Promise<Cube> {
  const crs = readCrs(options.crs);
  // Taken before the bytes are handed on.
  const version = contentVersion([bytes], options);
  const load = async () => {
    const reader = await openVariables(format, bytes, request.signal);
    try {
      return await cubeOfVariables(reader, options.variables, { ...request, version, ...(crs && { crs }) });
    } finally {
      await reader.close();
    }
  };
  try {
    return await threads.run(load, { signal: request.signal });
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof OpenEOError) throw error;
    // Below the first line, libraries tell where in their own code they were.
    const [reason] = (error as Error).message.split('\n', 1);
    throw unsuitable(`${file.name} cannot be read: ${reason.trim()}.`, error);
  }
}

/** What netCDF and Zarr have in common as formats. */
export function variableFormat(
  format: Pick<InputFormat, 'name' | 'aliases' | 'title' | 'description'> & { readonly load: Load },
): InputFormat {
  return {
    ...format,
    gisDataTypes: ['raster', 'vector'],
    parameters: variableParameters,
    apart: { maxBytes, leastBytes: 0, expansion: 2 },
    async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
      const options = readOptions<VariableOptions>(
        format.name,
        variableParameters,
        request.options,
        request.process,
      );
      if (files.length !== 1) throw unsuitable(`${format.name} is loaded from one file at a time.`);
      const [bytes] = await readAll(files, maxBytes);
      return await format.load(bytes, files[0], options, request);
    },
  };
}

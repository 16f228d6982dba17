import { sourceName } from '../../base/addresses';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import type { InputFile } from '../../raster/formats/input/types';
import type { ProcessContext } from '../context';
import { loadFiles } from './load-files';

/** Seconds that a whole file may take to arrive. */
const timeoutMs = 300_000;

/** GeoTIFF files are read by ranges of bytes, others as a whole; both only from hosts that the configuration allows. */
export async function run(
  args: Arguments,
  context: Pick<ProcessContext, 'http' | 'signal' | 'raster' | 'limits' | 'memory'>,
): Promise<Cube> {
  const { http, signal } = context;
  const url = args.url as string;
  const file: InputFile = {
    name: sourceName(url),
    href: url,
    bytes: async (maxBytes) => (await http.bytes(url, { maxBytes, signal, timeoutMs })).bytes,
  };
  return await loadFiles([file], args, 'load_url', context);
}

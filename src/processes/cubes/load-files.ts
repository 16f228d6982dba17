import { withinSeconds } from '../../base/deadline';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { loadApart } from '../../raster/formats/input/apart/load';
import { findInputFormat, inputFormats } from '../../raster/formats/input/registry';
import type { InputFile } from '../../raster/formats/input/types';
import { unsuitable } from '../../raster/formats/unsuitable';
import { expectedBytes } from '../../raster/memory/sizes';
import type { ProcessContext } from '../context';

type LoadContext = Pick<ProcessContext, 'signal' | 'raster' | 'limits' | 'memory'>;

/** What a label takes, with its place. */
const labelBytes = 32;

/**
 * What `load_uploaded_files` and `load_url` have in common: the cube of files in a format. What is loaded as a whole is
 * accounted for: while it is decoded, and then as long as it can be read.
 * @throws ProcessException `FormatUnsuitable`; OpenEOError `MemoryLimitExceeded`, `TooManyRequests`, `RequestTimeout`,
 *   those of the format and the files
 */
export async function loadFiles(
  files: readonly InputFile[],
  args: Arguments,
  process: string,
  context: LoadContext,
): Promise<Cube> {
  const format = findInputFormat(args.format as string);
  if (!format)
    throw unsuitable(
      `There is no input format "${String(args.format)}"; there are ${inputFormats.map(({ name }) => name).join(', ')}.`,
    );
  const { raster, limits } = context;
  const options = args.options as Readonly<Record<string, unknown>>;
  const request = { options, process, maxValues: limits.pixels, raster };
  if (format.isLazy) return await format.load(files, { ...request, signal: context.signal });
  let fileBytes = 0;
  const holding = context.memory.hold();
  try {
    const cube = await withinSeconds(limits.seconds, context.signal, async (signal) => {
      const claim = (bytes: number) => holding.claim(bytes, signal);
      const expansion = format.apart?.expansion ?? 1;
      const counted = files.map((file) =>
        countBytes(file, async (bytes) => {
          fileBytes += bytes;
          await claim(bytes * (1 + expansion));
        }),
      );
      const { apart } = format;
      if (apart) return await loadApart({ ...format, apart }, counted, { ...request, signal, claim });
      return await format.load(counted, { ...request, signal, claim });
    });
    holding.shrinkTo(heldBytes(cube, fileBytes));
    return holding.until(cube);
  } catch (error) {
    holding.release();
    throw error;
  }
}

/** A file that tells how many bytes it has before it is read, where that is known. */
function countBytes(file: InputFile, count: (bytes: number) => Promise<void>): InputFile {
  return {
    ...file,
    async bytes(maxBytes) {
      const { size } = file;
      if (size !== undefined && size <= maxBytes) await count(size);
      const bytes = await file.bytes(maxBytes);
      if (size === undefined) await count(bytes.length);
      return bytes;
    },
  };
}

/** What a cube in memory takes, about. @param fileBytes that it comes from; geometries take a few times as much */
function heldBytes(cube: Cube, fileBytes: number): number {
  const labels = cube.dimensions.map(({ type, labels: own }) =>
    type === 'geometry' ? fileBytes * 4 : (own?.length ?? 0) * labelBytes,
  );
  return labels.reduce(
    (sum, bytes) => sum + bytes,
    expectedBytes(cube, cube.grid ? { grid: cube.grid } : {}),
  );
}

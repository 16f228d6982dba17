import { OpenEOError } from '../base/errors';
import type { Grid } from '../geo/types';
import { isCallback, LabeledArray, OpaqueHandle, SavedResult } from '../graph/types';
import { isCube } from '../raster/cube';
import type { Encoded, OutputFormat } from '../raster/formats/types';

export interface EncodeResultOptions {
  readonly formats: readonly OutputFormat[];
  /** The output grid; absent: the data's own. */
  readonly grid?: Grid;
  readonly signal: AbortSignal;
  readonly maxPixels: number;
}

/**
 * Writes what a process graph returned: a saved result in its format, a cube as GTiff (without horizontal
 * dimensions as JSON), anything else as JSON.
 * @throws OpenEOError `ProcessGraphInvalid` for values that may not leave the server, and what formats throw
 */
export function encodeResult(value: unknown, options: EncodeResultOptions): Promise<Encoded> {
  const saved = value instanceof SavedResult ? value : undefined;
  const data = saved ? saved.data : value;
  refuseOpaque(data);
  const name = saved?.format ?? (isCube(data) && data.grid ? 'GTiff' : 'JSON');
  return findFormat(name, options.formats).encode(data, {
    ...(options.grid && { grid: options.grid }),
    options: saved?.options ?? {},
    signal: options.signal,
    maxPixels: options.maxPixels,
  });
}

function findFormat(name: string, formats: readonly OutputFormat[]): OutputFormat {
  const wanted = name.toLowerCase();
  const found = formats.find((format) =>
    [format.name, ...(format.aliases ?? [])].some((known) => known.toLowerCase() === wanted),
  );
  if (found) return found;
  const known = formats.map((format) => format.name).join(', ');
  throw new OpenEOError('ProcessGraphInvalid', {
    reason: `there is no format "${name}"; use one of ${known}`,
  });
}

/** Handles and callbacks have a meaning inside of graphs only, at whatever depth they are. */
function refuseOpaque(data: unknown, depth = 0): void {
  if (typeof data !== 'object' || data === null || depth > 100 || isCube(data)) return;
  const what = data instanceof OpaqueHandle ? data.subtype : isCallback(data) ? 'process-graph' : undefined;
  if (what)
    throw new OpenEOError('ProcessGraphInvalid', {
      reason: `its result is a ${what}, which cannot be returned`,
    });
  const children =
    data instanceof LabeledArray ? data.values : ArrayBuffer.isView(data) ? [] : Object.values(data);
  for (const child of children) refuseOpaque(child, depth + 1);
}

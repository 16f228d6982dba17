import { OpenEOError } from '../base/errors';

/** Bytes of JSON in UTF-8 that an owner may keep with a tile. */
const maxDataBytes = 65_536;
const maxDepth = 64;

function refuse(reason: string): never {
  throw new OpenEOError('ProcessParameterInvalid', {
    process: 'tile_assignment',
    parameter: 'data',
    reason,
  });
}

/** Cubes, handles and other values of a graph are objects as well, but no data that could be kept. */
function checkJson(value: unknown, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (depth > maxDepth) refuse(`it is nested deeper than ${maxDepth} levels.`);
  if (Array.isArray(value)) {
    for (const item of value) checkJson(item, depth + 1);
    return;
  }
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null)
    refuse('only JSON can be kept: objects, arrays, texts, finite numbers, true, false and null.');
  for (const item of Object.values(value as object)) checkJson(item, depth + 1);
}

/**
 * The JSON text of what an owner keeps with a tile; null keeps nothing.
 * @throws OpenEOError `ProcessParameterInvalid` for what is no JSON or too large.
 */
export function encodeData(data: unknown): string | null {
  if (data === null || data === undefined) return null;
  checkJson(data, 0);
  const text = JSON.stringify(data);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxDataBytes) refuse(`it has ${bytes} bytes as JSON, at most ${maxDataBytes} can be kept.`);
  return text;
}

import { CrsError, parseCrs } from '../../../geo/crs';
import type { Crs } from '../../../geo/types';
import { unsuitable } from '../unsuitable';
import type { InputFile } from './types';

export const crsParameter = {
  type: ['string', 'integer', 'null'],
  default: null,
  description:
    'The reference system of x and y, where the file does not say it: an EPSG code, WKT or a proj string.',
} as const;

/** The schema of an option that names parts of a file, by default those that its format chooses. */
export const namesParameter = {
  type: ['array', 'null'],
  items: { type: 'string' },
  minItems: 1,
  uniqueItems: true,
  default: null,
} as const;

/** The reference system that an option gives. @throws ProcessException `FormatUnsuitable` */
export function readCrs(value: unknown): Crs | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    return parseCrs(value as number | string);
  } catch (error) {
    if (error instanceof CrsError)
      throw unsuitable(`The reference system is not understood: ${error.message}.`, error);
    throw error;
  }
}

/** Files of formats that are read as a whole. @throws OpenEOError `SourceUnreadable` */
export async function readAll(files: readonly InputFile[], maxBytes: number): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  let left = maxBytes;
  for (const file of files) {
    const bytes = await file.bytes(left);
    left -= bytes.length;
    all.push(bytes);
  }
  return all;
}

/** The text of a file in UTF-8. @throws ProcessException `FormatUnsuitable` */
export function textOf(bytes: Uint8Array, file: InputFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unsuitable(`${file.name} is not text in UTF-8.`, cause);
  }
}

/** The value of a JSON file. @throws ProcessException `FormatUnsuitable` */
export function jsonOf(bytes: Uint8Array, file: InputFile): unknown {
  try {
    return JSON.parse(textOf(bytes, file));
  } catch (error) {
    if (error instanceof SyntaxError) throw unsuitable(`${file.name} is not valid JSON.`, error);
    throw error;
  }
}

import { OpenEOError } from '../../../base/errors';

/** Values of files that are loaded as a whole, of which a few copies exist for a moment. */
const maxValues = 30_000_000;
/** Fields of tables, which are values of JavaScript until they are numbers in a row. */
export const maxFields = 10_000_000;

/** Values are read and written by functions that call themselves for each dimension. */
const maxDimensions = 500;

/** @throws OpenEOError `ProcessGraphComplexity` for more dimensions than a cube of a file may have */
export function refuseManyDimensions(count: number): void {
  if (count <= maxDimensions) return;
  throw new OpenEOError('ProcessGraphComplexity', {
    reason: `the file has ${count} dimensions; at most ${maxDimensions} can be loaded.`,
  });
}

/**
 * @param what has so many values, and how they come about
 * @throws OpenEOError `ProcessGraphComplexity`
 */
export function refuseMany(count: number, allowed: number, what: string, advice = ''): void {
  const limit = Math.min(allowed, maxValues);
  if (count <= limit) return;
  const show = (value: number) => value.toLocaleString('en');
  throw new OpenEOError('ProcessGraphComplexity', {
    reason: `${what} has ${show(count)} values; at most ${show(limit)} can be loaded. ${advice}`.trim(),
  });
}

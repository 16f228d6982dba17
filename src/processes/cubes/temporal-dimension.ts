import { OpenEOError, ProcessException } from '../../base/errors';
import type { Cube, Dimension } from '../../raster/cube';
import { dimensionsOfType } from './cube-dimensions';
import { parseInstant } from './temporal-extent';

export type TemporalDimension = Extract<Dimension, { type: 'temporal' }>;

/**
 * The temporal dimension of this name, or with `null` the only one.
 * @throws ProcessException `DimensionNotAvailable`, `TooManyDimensions`
 */
export function temporalDimension(cube: Cube, name: string | null): TemporalDimension {
  const temporal = dimensionsOfType(cube, 'temporal');
  const found = name === null ? temporal[0] : temporal.find((dimension) => dimension.name === name);
  if (!found)
    throw new ProcessException(
      'DimensionNotAvailable',
      name === null
        ? 'The cube has no temporal dimension.'
        : `The cube has no temporal dimension "${name}"; it has ${temporal.map((other) => other.name).join(', ') || 'none'}.`,
    );
  if (name === null && temporal.length > 1)
    throw new ProcessException(
      'TooManyDimensions',
      `The cube has several temporal dimensions: ${temporal.map((other) => other.name).join(', ')}. Name one in "dimension".`,
    );
  return found;
}

/**
 * The only temporal dimension of a cube, for processes that have no parameter to name one.
 * @throws OpenEOError `ProcessParameterInvalid`
 */
export function onlyTemporalDimension(cube: Cube, process: string, parameter: string): TemporalDimension {
  const temporal = dimensionsOfType(cube, 'temporal');
  if (temporal.length !== 1)
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter,
      reason: `the cube has ${temporal.length} temporal dimensions; it needs exactly one`,
    });
  return temporal[0];
}

/** The instants of labels, in milliseconds. @throws OpenEOError `ProcessParameterInvalid` for labels that are none. */
export function instantsOf(dimension: TemporalDimension, process: string, parameter: string): number[] {
  return dimension.labels.map((label) => {
    const instant = parseInstant(label);
    if (Number.isNaN(instant))
      throw new OpenEOError('ProcessParameterInvalid', {
        process,
        parameter,
        reason: `the label ${JSON.stringify(label)} of the dimension "${dimension.name}" is not a date`,
      });
    return instant;
  });
}

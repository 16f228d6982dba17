import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { selectLabels } from '../../raster/select-labels';
import type { ProcessContext } from '../context';
import { findBands, findWavelengths } from './band-lookup';
import { dimensionsOfType } from './cube-dimensions';

/** So many names are told that match nothing; the others are counted. */
const maxWarnings = 20;

export function run(args: Arguments, context: Pick<ProcessContext, 'logger'>): Cube {
  const cube = args.data as Cube;
  const names = args.bands as readonly string[];
  const wavelengths = args.wavelengths as readonly (readonly number[])[];
  const [dimension, ...others] = dimensionsOfType(cube, 'bands');
  if (!dimension || others.length > 0)
    throw new ProcessException(
      'DimensionMissing',
      `Bands are filtered in the one dimension of type "bands"; this cube has ${others.length + (dimension ? 1 : 0)}.`,
    );
  if (names.length === 0 && wavelengths.length === 0)
    throw new ProcessException(
      'BandFilterParameterMissing',
      'Say which bands to keep by "bands" or "wavelengths".',
    );
  const criteria: (readonly [string, readonly number[]])[] = [
    ...names.map((name) => [name, findBands(dimension, name)] as const),
    ...wavelengths.map((range) => [range.join(' to '), findWavelengths(dimension, range)] as const),
  ];
  const unmatched = criteria.filter(([, bands]) => bands.length === 0).map(([criterion]) => criterion);
  for (const criterion of unmatched.slice(0, maxWarnings))
    context.logger.warning(
      `filter_bands: no band matches "${criterion}"; there are ${dimension.labels.join(', ') || 'none'}`,
    );
  if (unmatched.length > maxWarnings)
    context.logger.warning(
      `filter_bands: ${unmatched.length - maxWarnings} further names and ranges match no band`,
    );
  return selectLabels(cube, dimension.name, [...new Set(criteria.flatMap(([, bands]) => bands))]);
}

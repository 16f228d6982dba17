import { OpenEOError, ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { constantOf, type Kernel } from '../../kernel/operands';
import { quantile, quantileInOrder } from '../../kernel/quantile';
import { numbersOf, reduce } from './reduction';

/** For more of them all values are sorted once. */
const fewProbabilities = 8;

/** More than anybody could want of a distribution; every one makes an element. */
const maxIntervals = 1_000_000;
/** Fused code has a step for each quantile. */
const maxFused = 1000;

/** Null is the one of both that is not given; all else has to be in the range that its schema names. */
export const answers = ['probabilities', 'q'];

function invalid(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process: 'quantiles', parameter, reason });
}

/**
 * The list of probabilities that the arguments ask for.
 * @throws ProcessException; OpenEOError `ProcessParameterInvalid`, `ProcessGraphComplexity`
 */
function probabilitiesOf(probabilities: unknown, q: unknown): readonly number[] {
  if (probabilities === null && q === null)
    throw new ProcessException('QuantilesParameterMissing', 'Say which quantiles, by `probabilities`.');
  if (probabilities !== null && q !== null)
    throw new ProcessException('QuantilesParameterConflict', 'Give `probabilities` or `q`, not both.');
  if (Array.isArray(probabilities)) {
    if (!probabilities.every((value) => value >= 0 && value <= 1) || probabilities.includes(null))
      throw invalid('probabilities', 'they must be numbers from 0 to 1');
    if (new Set(probabilities).size < probabilities.length)
      throw invalid('probabilities', 'each of them can be there once');
    if (probabilities.some((value, index) => index > 0 && value < probabilities[index - 1]))
      throw new ProcessException(
        'AscendingProbabilitiesRequired',
        'Sort the `probabilities` in ascending order.',
      );
    return probabilities;
  }
  const intervals = (probabilities ?? q) as number;
  if (!(intervals >= 2))
    throw invalid(q === null ? 'probabilities' : 'q', `${intervals} intervals have no cut points`);
  if (intervals > maxIntervals)
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: `quantiles divide into up to ${maxIntervals} intervals`,
    });
  return Array.from({ length: intervals - 1 }, (_, index) => (index + 1) / intervals);
}

export function run(args: Arguments): (number | null)[] {
  const probabilities = probabilitiesOf(args.probabilities ?? null, args.q ?? null);
  const numbers = numbersOf(args);
  if (!numbers) return probabilities.map(() => null);
  const values = Float64Array.from(numbers);
  if (probabilities.length <= fewProbabilities)
    return probabilities.map((probability) => quantile(values, values.length, probability));
  const isMissing = values.some(Number.isNaN);
  values.sort();
  return probabilities.map((probability) => (isMissing ? Number.NaN : quantileInOrder(values, probability)));
}

export const kernel: Kernel = (args, build) => {
  const probabilities = constantOf(args.get('probabilities'), null);
  const q = constantOf(args.get('q'), null);
  if (!probabilities || !q) return undefined;
  const wanted = probabilitiesOf(probabilities.value, q.value);
  if (wanted.length > maxFused) return undefined;
  const items = reduce(
    args,
    build,
    (reduction) =>
      wanted.map((probability) => build.quantile(reduction.items, build.table.constant(probability))),
    { isNaNForNone: true, width: wanted.length },
  );
  return items && { kind: 'array', items };
};

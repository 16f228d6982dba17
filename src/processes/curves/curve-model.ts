import { OpenEOError } from '../../base/errors';
import type { Callback } from '../../graph/types';
import { createEvaluator } from '../../kernel/evaluator';
import type { Planes } from '../../kernel/types';
import { instantOf } from '../dates/instant';
import type { Model } from './levenberg-marquardt';

/** A model function made ready for many places at once. Where it has no number, it gives NaN. */
export function createModel(callback: Callback, parameters: number, signal: AbortSignal): Model {
  const evaluator = createEvaluator(callback, {
    inputs: new Map([
      ['x', { kind: 'plane', dataType: 'float64' }],
      ['parameters', { kind: 'array', length: parameters, dataType: 'float64' }],
    ]),
    missing: 'nan',
  });
  return async (x, values) => {
    const inputs = new Map<string, Planes>([
      ['x', { data: [x] }],
      ['parameters', { data: values }],
    ]);
    const { data } = await evaluator.run(inputs, x.length, signal);
    const [plane] = data;
    if (data.length !== 1 || (plane.length > 0 && Array.isArray(plane) && plane.some(isNoNumber)))
      throw new OpenEOError('ProcessGraphInvalid', {
        reason: 'the model function of a curve has to give one number.',
      });
    return plane as ArrayLike<number>;
  };
}

function isNoNumber(value: unknown): boolean {
  return typeof value !== 'number' && value !== null;
}

/**
 * The label of an array as a number: numbers as they are, dates as seconds since 1970.
 * @throws OpenEOError `ProcessParameterInvalid` for other texts
 */
export function placeOf(label: unknown, process: string, parameter: string): number {
  if (typeof label === 'number') return label;
  const instant = instantOf(label);
  if (!Number.isNaN(instant)) return instant / 1000;
  throw new OpenEOError('ProcessParameterInvalid', {
    process,
    parameter,
    reason: `the label ${JSON.stringify(label)} is neither a number nor a date.`,
  });
}

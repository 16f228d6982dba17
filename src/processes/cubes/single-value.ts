import { OpenEOError } from '../../base/errors';

/** What processes answer whose callback must make one value but makes an array. */
export function notSingle(process: string, parameter: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', {
    process,
    parameter,
    reason: 'it must make a single value; apply_dimension takes processes that make an array',
  });
}

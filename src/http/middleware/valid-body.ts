import type { RequestHandler } from 'express';
import { OpenEOError } from '../../base/errors';
import { describeErrors } from '../../base/schema';
import { bodyValidator, leadingErrors } from '../standard';

/**
 * Checks a parsed body against the standard.
 * @param endpoint for example `POST /result`
 * @throws OpenEOError `ProcessGraphMissing` where a process comes without graph, else `RequestInvalid` with
 * every violation
 */
export function validBody(endpoint: string): RequestHandler {
  return (request, _response, next) => {
    const validate = bodyValidator(endpoint);
    if (validate(request.body)) return next();
    const errors = leadingErrors(validate.errors ?? []);
    const isGraphMissing = errors.some(
      ({ keyword, params }) =>
        keyword === 'required' && (params as { missingProperty: string }).missingProperty === 'process_graph',
    );
    if (isGraphMissing) throw new OpenEOError('ProcessGraphMissing');
    throw new OpenEOError('RequestInvalid', { reason: describeErrors(errors) });
  };
}

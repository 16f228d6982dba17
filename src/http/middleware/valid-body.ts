import type { RequestHandler } from 'express';
import { OpenEOError } from '../../base/errors';
import { describeErrors } from '../../base/schema';
import { bodyErrors } from '../standard';

/**
 * Checks a parsed body against the standard.
 * @param endpoint for example `POST /result`
 * @throws OpenEOError `ProcessGraphMissing` where a process comes without graph, else `RequestInvalid` with
 * every violation (of large bodies the first one)
 */
export function validBody(endpoint: string): RequestHandler {
  return (request, _response, next) => {
    const errors = bodyErrors(endpoint, request.body);
    if (errors.length === 0) return next();
    const isGraphMissing = errors.some(
      ({ keyword, params }) =>
        keyword === 'required' && (params as { missingProperty: string }).missingProperty === 'process_graph',
    );
    if (isGraphMissing) throw new OpenEOError('ProcessGraphMissing');
    throw new OpenEOError('RequestInvalid', { reason: describeErrors(errors) });
  };
}

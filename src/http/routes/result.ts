import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { withinSeconds } from '../../base/deadline';
import { OpenEOError } from '../../base/errors';
import { bindQuery, injectedUser } from '../../graph/parameters';
import type { ProcessDefinition } from '../../graph/types';
import type { Encoded } from '../../raster/formats/types';
import { encodeResult } from '../../services/encode-result';
import { missingParameters } from '../../services/tile-store-access';
import type { Backend } from '../backend';
import { checkPlan } from '../billing';
import { type ApiRequest, callerOf, type Route } from '../route';

export function resultRoutes(backend: Backend): Route[] {
  const { seconds } = backend.settings.limits;
  return [
    {
      method: 'POST',
      path: '/result',
      access: 'user',
      body: 'openeo',
      handle: (request, response) => {
        const { process, plan } = request.body as { process: ProcessDefinition; plan?: string | null };
        checkPlan(plan);
        const { signal } = request.context;
        return backend.heavy.run(() => compute(process, request, response), { signal });
      },
    },
  ];

  /** Ends with the request: by its answer, by the client's leaving or by the time limit. */
  async function compute(process: ProcessDefinition, request: ApiRequest, response: Response): Promise<void> {
    await withinSeconds(seconds, request.context.signal, async (signal) =>
      send(response, await run(process, request, signal), signal),
    );
  }

  async function run(process: ProcessDefinition, request: ApiRequest, signal: AbortSignal): Promise<Encoded> {
    const { logger } = request.context;
    const user = callerOf(request);
    const parameters = new Map(bindQuery(process, queryOf(request)));
    parameters.set('_openeo_user', injectedUser(user));
    const missing = missingParameters(undefined, backend.tileStore, user);
    const plan = await backend.runner.plan(process, { user, supplied: new Set(parameters.keys()), missing });
    const value = await backend.runner.run(plan, { user, parameters, missing, signal, logger });
    return encodeResult(value, {
      formats: backend.formats,
      signal,
      maxPixels: backend.settings.limits.pixels,
    });
  }
}

function queryOf(request: ApiRequest): Map<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of Object.entries(request.query)) {
    if (typeof value !== 'string')
      throw new OpenEOError('RequestInvalid', { reason: `the query has several values for "${name}"` });
    query.set(name, value);
  }
  return query;
}

async function send(response: Response, encoded: Encoded, signal: AbortSignal): Promise<void> {
  response.setHeader('Content-Type', encoded.mediaType);
  response.setHeader('Content-Disposition', `inline; filename="result${encoded.extension}"`);
  response.setHeader('OpenEO-Costs', '0');
  response.setHeader('Cache-Control', 'no-store');
  if (encoded.body instanceof Readable) return pipeline(encoded.body, response, { signal });
  response.setHeader('Content-Length', String(encoded.body.byteLength));
  response.end(encoded.body);
}

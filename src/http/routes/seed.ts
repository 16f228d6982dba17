import { OpenEOError } from '../../base/errors';
import type { Jobs } from '../../jobs/jobs';
import type { Services } from '../../services/services';
import { AreaError, parseSeedArea } from '../../tiles/client/areas';
import { queryValue } from '../paging';
import { type ApiRequest, callerOf, type Route } from '../route';

function areaOf(request: ApiRequest) {
  const zooms = queryValue(request, 'zooms');
  if (zooms === undefined)
    throw new OpenEOError('RequestInvalid', { reason: 'zooms is missing, for example zooms=8-14.' });
  try {
    return parseSeedArea(zooms, queryValue(request, 'bbox'));
  } catch (error) {
    if (error instanceof AreaError)
      throw new OpenEOError('RequestInvalid', { reason: error.message }, { cause: error });
    throw error;
  }
}

function isTruncating(request: ApiRequest): boolean {
  const value = queryValue(request, 'truncate') ?? 'false';
  if (value !== 'true' && value !== 'false')
    throw new OpenEOError('RequestInvalid', { reason: 'truncate must be true or false.' });
  return value === 'true';
}

/** Drawing tiles of services ahead, as jobs of those who manage the service. */
export function seedRoutes(parts: { readonly services: Services; readonly jobs: Jobs }): Route[] {
  const { manager, seeder } = parts.services;
  return [
    {
      method: 'POST',
      path: '/api/services/{service_id}/seed',
      base: 'root',
      access: 'user',
      isListed: false,
      async handle(request, response) {
        const user = callerOf(request);
        const service = await manager.get(user, request.params['service_id']);
        const truncate = isTruncating(request);
        const payload = { service_id: service.id, ...areaOf(request), ...(truncate && { truncate }) };
        if (!truncate) await seeder.prepare(service.id, request.context.signal);
        const { manager: jobs } = parts.jobs;
        const job = await jobs.create(user, {
          ...{ type: 'seed', payload, process: service.process },
          title: `${truncate ? 'Remove' : 'Draw'} tiles of ${service.title ?? service.id}`,
        });
        await jobs.start(user, job.id);
        response.status(202).json({ job_id: job.id, status: 'queued', message: 'Seeding started' });
      },
    },
  ];
}

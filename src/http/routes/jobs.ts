import { OpenEOError } from '../../base/errors';
import type { LogLevel } from '../../base/logger';
import type { ProcessDefinition } from '../../graph/types';
import type { Jobs } from '../../jobs/jobs';
import type { JobChange } from '../../store/records/jobs/types';
import { apiUrl } from '../address';
import { checkBudget, checkPlan } from '../billing';
import { jobDetails, jobPath, jobRow, jobSummary } from '../job-documents';
import { logPage } from '../log-documents';
import { pageLinks, pageQuery } from '../paging';
import { type ApiRequest, callerOf, type Route } from '../route';
import { checkTexts, type TextLimits } from '../texts';

/** What clients send to make or change a job, already valid against the API's schema. */
interface JobBody {
  readonly process?: ProcessDefinition;
  readonly title?: string | null;
  readonly description?: string | null;
  readonly plan?: string | null;
  readonly budget?: number | null;
  readonly log_level?: LogLevel;
}

const editable = ['title', 'description', 'process', 'plan', 'budget', 'log_level'] as const;
const readOnly = ['id', 'status', 'progress', 'created', 'updated', 'costs', 'usage', 'links'];

/** Header that makes one job of several equal requests. */
function idempotencyKey(request: ApiRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new OpenEOError('RequestInvalid', {
    reason: 'the header Idempotency-Key must have 1 to 255 visible ASCII characters',
  });
}

/** The life of batch jobs. */
export function jobRoutes({ manager, check, estimate }: Jobs, texts: TextLimits): Route[] {
  const id = (request: ApiRequest) => request.params['job_id'];
  return [
    {
      method: 'GET',
      path: '/jobs',
      access: 'user',
      async handle(request, response) {
        const page = pageQuery(request);
        const { items, next } = await manager.list(callerOf(request), page);
        response.json({ jobs: items.map(jobSummary), links: pageLinks(request, '/jobs', page, next) });
      },
    },
    {
      method: 'POST',
      path: '/jobs',
      access: 'user',
      body: 'openeo',
      async handle(request, response) {
        const user = callerOf(request);
        const body = request.body as JobBody & { readonly process: ProcessDefinition };
        checkTexts(body, texts);
        checkPlan(body.plan);
        checkBudget(body.budget);
        await check(user, body.process);
        const job = await manager.create(user, {
          type: 'batch',
          process: body.process,
          title: body.title ?? undefined,
          description: body.description ?? undefined,
          plan: body.plan?.toLowerCase(),
          budget: body.budget ?? undefined,
          logLevel: body.log_level,
          idempotencyKey: idempotencyKey(request),
        });
        response
          .status(201)
          .set({ Location: apiUrl(request, jobPath(job)), 'OpenEO-Identifier': job.id })
          .end();
      },
    },
    {
      method: 'GET',
      path: '/jobs/{job_id}',
      access: 'user',
      async handle(request, response) {
        response.json(jobDetails(request, await manager.get(callerOf(request), id(request))));
      },
    },
    {
      method: 'PATCH',
      path: '/jobs/{job_id}',
      access: 'user',
      body: 'openeo',
      async handle(request, response) {
        const user = callerOf(request);
        const body = request.body as JobBody;
        const job = await manager.get(user, id(request));
        if (job.status === 'queued' || job.status === 'running') throw new OpenEOError('JobLocked');
        const locked = [...readOnly, ...(job.type === 'batch' ? [] : ['process'])].find((property) =>
          Object.hasOwn(body, property),
        );
        if (locked !== undefined) throw new OpenEOError('PropertyNotEditable', { property: locked });
        if (!editable.some((property) => Object.hasOwn(body, property)))
          throw new OpenEOError('NoDataForUpdate');
        checkTexts(body, texts);
        checkPlan(body.plan);
        checkBudget(body.budget);
        if (body.process) await check(user, body.process);
        const change: JobChange = {
          ...{ title: body.title, description: body.description, process: body.process },
          ...{ plan: body.plan?.toLowerCase() ?? body.plan, budget: body.budget, logLevel: body.log_level },
        };
        await manager.update(user, job.id, change);
        response.status(204).end();
      },
    },
    {
      method: 'DELETE',
      path: '/jobs/{job_id}',
      access: 'user',
      async handle(request, response) {
        await manager.remove(callerOf(request), id(request));
        response.status(204).end();
      },
    },
    {
      method: 'GET',
      path: '/jobs/{job_id}/logs',
      access: 'user',
      async handle(request, response) {
        const path = `/jobs/${encodeURIComponent(id(request))}/logs`;
        response.json(
          await logPage(request, path, (filter) => manager.logs(callerOf(request), id(request), filter)),
        );
      },
    },
    {
      method: 'GET',
      path: '/jobs/{job_id}/estimate',
      access: 'user',
      async handle(request, response) {
        const job = await manager.get(callerOf(request), id(request));
        const { seconds, bytes, values, bytesRead, tiles } = await estimate(job, request.context.signal);
        response.json({
          costs: 0,
          duration: `PT${Math.max(1, Math.ceil(seconds))}S`,
          size: Math.ceil(bytes),
          'tilegraph:values': values,
          ...(bytesRead !== undefined && { 'tilegraph:bytes_read': bytesRead }),
          ...(tiles !== undefined && { 'tilegraph:tiles': tiles }),
        });
      },
    },
    {
      method: 'GET',
      path: '/api/jobs/{job_id}',
      base: 'root',
      access: 'user',
      isListed: false,
      async handle(request, response) {
        response.json(jobRow(await manager.get(callerOf(request), id(request))));
      },
    },
  ];
}

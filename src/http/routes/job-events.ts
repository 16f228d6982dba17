import type { Response } from 'express';
import type { Jobs } from '../../jobs/jobs';
import { stateId } from '../../jobs/watcher';
import { isOver } from '../../store/records/jobs/states';
import type { JobRecord } from '../../store/records/jobs/types';
import { jobRow, jobSummary } from '../job-documents';
import { type ApiRequest, callerOf, type Route } from '../route';

/** Proxies close connections that are silent for long. */
const beatMs = 15_000;
/** How soon clients come back after a lost connection. */
const retryMs = 2000;

/**
 * Server-sent events of one job: `job` with each change, from the present state to the end of the run; `removed` where
 * it was removed. Every state has an id, so that a client that comes back with the last one hears only what is new; 204
 * tells it to stay away, as nothing more is to come.
 */
export function jobEventRoutes({ manager, watcher }: Jobs): Route[] {
  const stream =
    (describe: (job: JobRecord) => Record<string, unknown>) =>
    async (request: ApiRequest, response: Response): Promise<void> => {
      const present = await manager.get(callerOf(request), request.params['job_id']);
      let known = request.headers['last-event-id'];
      if (isOver(present) && stateId(present) === known) return void response.status(204).end();
      response.setHeader('Content-Type', 'text/event-stream');
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('X-Accel-Buffering', 'no');
      const { signal } = request.context;
      // Signals that fired before tell nobody any more.
      if (request.method === 'HEAD' || signal.aborted || watcher.closed.aborted) return void response.end();
      const ends = [signal, watcher.closed];
      response.write(`retry: ${retryMs}\n\n`);
      await new Promise<void>((resolve) => {
        const beat = setInterval(() => response.write(':\n\n'), beatMs).unref();
        const end = () => {
          clearInterval(beat);
          stop();
          // The watcher outlives all streams.
          for (const each of ends) each.removeEventListener('abort', end);
          resolve();
        };
        const stop = watcher.watch(present.id, (job) => {
          if (!job) response.write(`event: removed\ndata: ${JSON.stringify({ id: present.id })}\n\n`);
          else if (stateId(job) !== known) {
            known = stateId(job);
            response.write(`id: ${known}\nevent: job\ndata: ${JSON.stringify(describe(job))}\n\n`);
          }
          // Not from inside of the call that may not have returned yet.
          if (!job || isOver(job)) setImmediate(end);
        });
        for (const each of ends) each.addEventListener('abort', end);
      });
      response.end();
    };

  return [
    {
      method: 'GET',
      path: '/jobs/{job_id}/events',
      access: 'user',
      isListed: false,
      handle: stream(jobSummary),
    },
    {
      method: 'GET',
      path: '/api/jobs/{job_id}/events',
      base: 'root',
      access: 'user',
      isListed: false,
      handle: stream(jobRow),
    },
  ];
}

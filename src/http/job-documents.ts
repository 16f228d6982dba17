import type { JobError, JobRecord, JobStatus } from '../store/records/jobs/types';
import type { LogRecord } from '../store/records/types';
import { apiUrl } from './address';
import { billing } from './billing';
import { logEntry, rfc3339 } from './log-documents';
import type { ApiRequest } from './route';

const statuses: Readonly<Record<JobStatus, string>> = {
  created: 'created',
  queued: 'queued',
  running: 'running',
  completed: 'finished',
  failed: 'error',
  canceled: 'canceled',
};

/** The standard's word for a row's. */
export function openEOStatus(status: JobStatus): string {
  return statuses[status];
}

/** The path of a job below the API's prefix, percent-encoded. */
export function jobPath(job: { readonly id: string }): string {
  return `/jobs/${encodeURIComponent(job.id)}`;
}

/** A job as lists show it. */
export function jobSummary(job: JobRecord): Record<string, unknown> {
  return {
    id: job.id,
    ...(job.title !== undefined && { title: job.title }),
    ...(job.description !== undefined && { description: job.description }),
    status: statuses[job.status],
    progress: Math.round(job.progress * 10) / 10,
    created: rfc3339(job.createdAt),
    updated: rfc3339(job.updatedAt),
    plan: job.plan ?? billing.default_plan,
    costs: job.costs ?? 0,
    ...(job.budget !== undefined && { budget: job.budget }),
    log_level: job.logLevel,
  };
}

/** Everything about a job. */
export function jobDetails(request: ApiRequest, job: JobRecord): Record<string, unknown> {
  const json = 'application/json';
  const href = (path: string) => apiUrl(request, `${jobPath(job)}${path}`);
  return {
    ...jobSummary(job),
    process: job.process,
    ...(job.startedAt &&
      job.completedAt && {
        usage: {
          duration: {
            value: Math.max(0, job.completedAt.getTime() - job.startedAt.getTime()) / 1000,
            unit: 's',
          },
        },
      }),
    links: [
      { rel: 'self', href: href(''), type: json },
      { rel: 'monitor', href: href('/logs'), type: json },
      ...(job.result ? [{ rel: 'result', href: href('/results'), type: json }] : []),
    ],
  };
}

/** What stands for the results of a job that failed: its last error, as a log entry. */
export function failureEntry(job: JobRecord, last: LogRecord | undefined): Record<string, unknown> {
  if (last) return logEntry(last);
  const { code, message, id }: JobError = job.error ?? { code: 'Internal', message: job.message };
  return { id: id ?? job.id, level: 'error', code, message, time: rfc3339(job.completedAt ?? job.updatedAt) };
}

/** A job in the words of its row, for the interface of map projects. */
export function jobRow(job: JobRecord): Record<string, unknown> {
  const time = (date: Date | undefined) => date?.toISOString() ?? null;
  return {
    id: job.id,
    job_type: job.type,
    status: job.status,
    progress: Math.round(job.progress * 10) / 10,
    message: job.message,
    result: job.result?.metadata ?? null,
    error: job.error?.message ?? null,
    project_id: job.projectId ?? null,
    version_id: job.versionId ?? null,
    created_by: job.ownerId,
    created_at: time(job.createdAt),
    started_at: time(job.startedAt),
    completed_at: time(job.completedAt),
  };
}

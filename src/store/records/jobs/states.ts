import type { JobRecord } from './types';

/** In line or at work. */
export function isActive({ status }: Pick<JobRecord, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

/** Nothing more will happen by itself. What was never started may be started any moment; what was canceled has ended. */
export function isOver(job: Pick<JobRecord, 'status' | 'completedAt'>): boolean {
  return !isActive(job) && (job.status !== 'created' || job.completedAt !== undefined);
}

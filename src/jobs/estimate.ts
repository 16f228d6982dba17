import { withinSeconds } from '../base/deadline';
import { OpenEOError } from '../base/errors';
import type { Estimate, EstimateContext, JobType } from './job-type';

const trySeconds = 30;

/** Why something cannot be estimated, for its owner. */
export const tooComplex = (reason: string, cause?: unknown) =>
  new OpenEOError('EstimateComplexity', { reason }, { cause });

/**
 * What a job will take, as its type tells.
 * @throws OpenEOError `EstimateComplexity` where that cannot be tried out; what the job would fail with; the signal's reason
 */
export async function estimateJob(type: JobType, context: EstimateContext): Promise<Estimate> {
  const { job, signal } = context;
  try {
    return await withinSeconds(trySeconds, signal, (within) =>
      type.estimate(job.payload, { ...context, signal: within }),
    );
  } catch (error) {
    if (!signal.aborted && error instanceof OpenEOError && error.code === 'RequestTimeout')
      throw tooComplex(`even a sample of it takes more than ${trySeconds} seconds.`, error);
    throw error;
  }
}

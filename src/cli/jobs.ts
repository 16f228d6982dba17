import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationParts } from '../app/parts';
import { isActive, isOver } from '../store/records/jobs/states';
import type { JobRecord } from '../store/records/jobs/types';
import type { User } from '../store/records/types';
import { type CommandLine, UsageError } from './arguments';
import { drawProgress, ProgressRate } from './progress-bar';
import { CommandError, print, table } from './terminal';

const usage = 'jobs list|watch ID|cancel ID; "tilegraph --help" shows how';
const lookMs = 500;
const listed = 200;

/** Who has a shell on the machine may see every job. */
const operator: User = { id: '', name: 'operator', roles: ['admin'] };

/** The command `jobs`. @throws CommandError where there is no such job; UsageError */
export async function manageJobs(line: CommandLine, parts: ApplicationParts): Promise<number> {
  const [action, id] = line.positionals;
  await parts.records.ping();
  if (action === 'list') return list(parts);
  if (action !== 'watch' && action !== 'cancel') throw new UsageError(usage);
  if (id === undefined) throw new UsageError(`The id is missing: ${usage}`);
  const job = await parts.records.jobs.get(id);
  if (!job) throw new CommandError(`There is no job "${id}".`);
  if (action === 'watch') return watch(parts, job);
  await parts.jobs.manager.cancel(operator, id);
  print(isActive(job) ? `Canceled the job ${id}` : `The job ${id} was not in line and not at work.`);
  return 0;
}

async function list({ records }: ApplicationParts): Promise<number> {
  const { items, next } = await records.jobs.list({ limit: listed });
  const rows = items.map((job) => [
    ...[job.id, job.type, job.ownerId, job.status, `${Math.round(job.progress)} %`],
    job.message,
  ]);
  print(table(['id', 'type', 'user', 'status', 'progress', 'message'], rows));
  if (next !== undefined) print(`… and more than these ${listed}`);
  return 0;
}

/** Shows a job's progress until it is over. Exit code 0 where it completed. */
async function watch({ records }: ApplicationParts, first: JobRecord): Promise<number> {
  const isTerminal = process.stdout.isTTY === true;
  const rate = new ProgressRate();
  let shown = '';
  for (let job: JobRecord | undefined = first; job; job = await records.jobs.get(first.id)) {
    rate.add(job.progress, performance.now());
    const text = drawProgress(job, rate, isTerminal ? (process.stdout.columns ?? 80) : undefined);
    if (isTerminal) process.stdout.write(`\r\u001b[K${text}`);
    else if (text !== shown) print(text);
    shown = text;
    if (isOver(job)) {
      if (isTerminal) process.stdout.write('\n');
      if (job.error) print(`${job.error.code}: ${job.error.message}`);
      return job.status === 'completed' ? 0 : 1;
    }
    await delay(lookMs);
  }
  throw new CommandError(`The job ${first.id} was removed.`);
}

import { openParts } from '../app/parts';
import { createLogger } from '../base/logger';
import type { CommandLine } from './arguments';
import { configBeside } from './parts';
import { untilStopped } from './stopping';
import { CommandError, print } from './terminal';

/** The command `worker`: runs jobs, and serves nothing. Resolves when it was stopped and has given its jobs back. */
export async function work(line: CommandLine): Promise<number> {
  const config = await configBeside(line);
  if (config.jobs.concurrency === 0)
    throw new CommandError('A worker needs TILEGRAPH_JOB_CONCURRENCY of at least 1.');
  const logger = createLogger(config.logLevel);
  const stopped = untilStopped();
  const parts = await openParts(config, logger, 'worker');
  await parts.jobs.start();
  const { engine, concurrency } = config.jobs;
  print(`Tilegraph works: up to ${concurrency} jobs at once, brought by ${engine}`);
  await stopped;
  await parts.close();
  return 0;
}

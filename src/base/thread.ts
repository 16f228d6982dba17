import { existsSync } from 'node:fs';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { packagePath } from './paths';

/**
 * Starts a module as a thread.
 * @param file its path without the ending. The build has JavaScript there; where the sources themselves run, as in
 *   tests, a hook translates what the thread loads.
 */
export function startThread(file: string, options: WorkerOptions = {}): Worker {
  const built = `${file}.js`;
  if (existsSync(built)) return new Worker(built, { ...options, execArgv: [] });
  const hook = packagePath('test', 'support', 'typescript.cjs');
  return new Worker(`${file}.ts`, { ...options, execArgv: ['--require', hook] });
}

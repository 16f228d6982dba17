import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runChild } from './child';

/**
 * The sample collection, made once per run of the tests and shared by all of its workers; nobody writes to it.
 * Resolves to the collection's file.
 */
export async function sampleCollection(): Promise<string> {
  const run = process.env['TILEGRAPH_TEST_RUN'] ?? join(tmpdir(), `tilegraph-sample-${process.pid}`);
  const [made, failed] = [join(run, 'sample.made'), join(run, 'sample.failed')];
  mkdirSync(run, { recursive: true });
  try {
    mkdirSync(join(run, 'sample.making'));
  } catch {
    for (let attempt = 0; !existsSync(made); attempt++) {
      if (attempt > 2400 || existsSync(failed)) throw new Error('The sample collection was not made');
      await delay(50);
    }
    return readFileSync(made, 'utf8');
  }
  try {
    // In a process of its own: the loops of the sample run there as fast as in the program.
    const child = runChild('test/support/children/sample.cjs', [join(run, 'sample')]);
    const collectionFile = await child.ended;
    writeFileSync(`${made}.part`, collectionFile);
    renameSync(`${made}.part`, made);
    return collectionFile;
  } catch (error) {
    writeFileSync(failed, '');
    throw error;
  }
}

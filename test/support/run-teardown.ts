import { rmSync } from 'node:fs';
import { endSharedServer } from './postgres';

/** Ends what the workers of this run shared. */
export default async function teardown(): Promise<void> {
  const run = process.env['TILEGRAPH_TEST_RUN'];
  if (run === undefined) return;
  await endSharedServer(run);
  rmSync(run, { recursive: true, force: true });
}

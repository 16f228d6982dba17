import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the workers of one jest run a folder in which they agree on shared servers. */
export default function setup(): void {
  process.env['TILEGRAPH_TEST_RUN'] = mkdtempSync(join(tmpdir(), 'tilegraph-run-'));
  process.env['TILEGRAPH_TEST_RUN_PID'] = String(process.pid);
}

import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../src/base/paths';

function newest(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Math.max(...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}

/** Why the program in `dist/` is not what the sources say; undefined where it is. */
function buildProblem(): string | undefined {
  const built = statSync(packagePath('dist', '.built'), { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return 'There is no build in dist/: run "npm run build" first';
  const sources = Math.max(newest(packagePath('src')), newest(packagePath('schemas')));
  return built < sources
    ? 'The build in dist/ is older than the sources: run "npm run build" first'
    : undefined;
}

/**
 * Gives the workers of one jest run a folder in which they agree on shared servers, and tells those that start
 * the built program whether it is there.
 */
export default function setup(): void {
  process.env['TILEGRAPH_TEST_RUN'] = mkdtempSync(join(tmpdir(), 'tilegraph-run-'));
  process.env['TILEGRAPH_TEST_RUN_PID'] = String(process.pid);
  process.env['TILEGRAPH_TEST_BUILD_PROBLEM'] = buildProblem() ?? '';
}

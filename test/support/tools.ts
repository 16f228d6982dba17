import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath, packageRoot } from '../../src/base/paths';

/** Material beside the repository (real imagery, the standard's own texts); undefined where it is missing. */
export const sharedFolder: string | undefined = [
  process.env['SHARED_DIR'],
  join(packageRoot, '..', 'shared'),
].find((folder) => folder !== undefined && existsSync(folder));

const found = new Map<string, string | undefined>();

/** A Python that can import these modules; undefined where there is none. `.ci/run` installs one. */
export function pythonWith(...modules: string[]): string | undefined {
  const key = modules.join(',');
  if (!found.has(key)) {
    const candidates = [packagePath('.tools', 'python', 'bin', 'python'), '/usr/bin/python3', 'python3'];
    found.set(
      key,
      candidates.find((python) => canImport(python, modules)),
    );
  }
  return found.get(key);
}

function canImport(python: string, modules: string[]): boolean {
  try {
    execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The path of a program; undefined where it is not installed. */
export function program(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/** `describe` where the tool is there; elsewhere the block is skipped and its name says why. */
export function describeWith(tool: unknown, missing: string, name: string, block: () => void): void {
  if (tool) describe(name, block);
  else describe.skip(`${name} (skipped: ${missing} is missing)`, block);
}

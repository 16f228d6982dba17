import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'schemas'))) return folder;
    if (folder === dirname(folder)) throw new Error(`No package root above ${start}`);
  }
}

/** The folder of package.json: the same whether the sources or their build run. */
export const packageRoot = findRoot(__dirname);

/** A file or folder of the package, for example `packagePath('processes')`. */
export function packagePath(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

/** The version of this program, as in package.json. */
export const packageVersion: string = (
  JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }
).version;

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessModule } from '../types';

/** A file that may hold the function of a process. */
export interface FunctionFile<C> {
  readonly id: string;
  readonly file: string;
  /** Absent when the file exports no `run`. */
  readonly module?: ProcessModule<C>;
  /** Why the file cannot be loaded. */
  readonly problem?: string;
}

/** Ids of processes are words; a hyphen or a leading underscore marks a helper. */
const functionName = /^(?!_)(\w+)\.(?:ts|js)$/;

/**
 * The function files below a folder. A file stands for the process that it is named after when it lies in a
 * family folder (`src/processes/math/add.ts`) and its name is a word. Helpers have a hyphen in their name
 * or begin with an underscore, or lie beside the family folders; they are not loaded here. A file with a
 * word for a name that exports no `run` is a helper too.
 */
export function loadFunctions<C>(folder: string): FunctionFile<C>[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== folder && !entry.name.endsWith('.d.ts'))
    .flatMap((entry) => {
      const id = functionName.exec(entry.name)?.[1];
      return id === undefined ? [] : [{ id, file: join(entry.parentPath, entry.name) }];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ id, file }) => ({ id, file, ...loadModule<C>(file) }));
}

function loadModule<C>(file: string): { module?: ProcessModule<C>; problem?: string } {
  try {
    const exported = require(file) as Partial<ProcessModule<C>>;
    return typeof exported.run === 'function' ? { module: exported as ProcessModule<C> } : {};
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

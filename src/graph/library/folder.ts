import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A JSON file in a process folder. */
export interface SpecFile {
  readonly file: string;
  /** Names the version of its content. */
  readonly text: string;
  readonly json?: unknown;
  /** Why there is no `json`. */
  readonly problem?: string;
}

/**
 * The JSON files of a folder in the order of their names, those of `skipped` ids left out.
 * A folder that cannot be read is a problem of its own.
 */
export async function readFolder(
  folder: string,
  skipped: { has(id: string): boolean } = new Set(),
): Promise<readonly SpecFile[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
  } catch (error) {
    return [{ file: folder, text: '', problem: `the folder cannot be read: ${(error as Error).message}.` }];
  }
  const wanted = names.filter((name) => !skipped.has(idOfFile(name)));
  return Promise.all(wanted.map((name) => readSpec(join(folder, name))));
}

async function readSpec(file: string): Promise<SpecFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { file, text: '', problem: `the file cannot be read: ${(error as Error).message}.` };
  }
  try {
    return { file, text, json: JSON.parse(text) };
  } catch (error) {
    return { file, text, problem: `the file is not JSON: ${(error as Error).message}.` };
  }
}

/** The process id that a file stands for. */
export function idOfFile(file: string): string {
  return basename(file, '.json');
}

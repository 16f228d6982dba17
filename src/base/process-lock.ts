import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import SQLite from 'better-sqlite3';

/**
 * Takes a lock that ends with the process, however it ends. (It is SQLite's lock on a file: Node has none.)
 * @returns the way to give it back; undefined where another process has it
 * @throws Error where the file cannot be made
 */
export function takeProcessLock(path: string): (() => void) | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const database = new SQLite(path, { timeout: 0 });
  try {
    database.exec('begin exclusive');
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

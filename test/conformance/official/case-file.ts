import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import JSON5 from 'json5';

/** One case in the format of the standard's test files. */
export interface OfficialCase {
  /** Ours: what the case is about. */
  readonly title?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Beside `throws`: either is right. */
  readonly returns?: unknown;
  /** The error's code, or true for any. */
  readonly throws?: string | true;
  readonly delta?: number;
  /** Processes that callbacks of the case need. */
  readonly required?: readonly string[];
}

export interface CaseFile {
  readonly id: string;
  readonly file: string;
  readonly tests: readonly OfficialCase[];
  /** Why it cannot be read. */
  readonly problem?: string;
}

export function readJson5(file: string): unknown {
  return JSON5.parse(readFileSync(file, 'utf8'));
}

/** What lies directly in a folder; fragments that test files refer to are left out. */
export function readCaseFolder(folder: string): CaseFile[] {
  const names = readdirSync(folder).filter((name) => /\.json5?$/.test(name));
  return names.sort().flatMap((name) => readCaseFile(resolve(folder, name)) ?? []);
}

/** A file that cannot be read becomes one without cases and with a problem; one that holds something else undefined. */
function readCaseFile(file: string): CaseFile | undefined {
  const name = basename(file).replace(/\.json5?$/, '');
  try {
    const content = readJson5(file) as { id?: string; tests?: OfficialCase[] } | null;
    if (!Array.isArray(content?.tests)) return undefined;
    return { id: content.id ?? name, file, tests: content.tests };
  } catch (error) {
    return { id: name, file, tests: [], problem: (error as Error).message };
  }
}

/** Replaces `{"$ref": "file"}` by the content of the file: JSON and JSON5 as values, all else as text. */
export function resolveReferences(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, base));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref } = value as { $ref?: unknown };
  if (typeof $ref === 'string' && Object.keys(value).length === 1) {
    if (/^[a-z]+:\/\//i.test($ref))
      throw new Error(`cannot load ${$ref}: only files beside the tests are read`);
    const file = resolve(dirname(base), $ref);
    return /\.(?:geo)?json5?$/.test(file)
      ? resolveReferences(readJson5(file), file)
      : readFileSync(file, 'utf8');
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, base)]));
}

/** The same for cases that say the same, whatever their place in the file or the order of keys. */
export function fingerprintOf(id: string, { arguments: args, returns, throws, delta }: OfficialCase): string {
  const text = JSON.stringify(canonical({ id, args, returns, throws, delta }));
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function canonical(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  // No-data has two ways to be written.
  if ((value as { type?: unknown }).type === 'nodata') return null;
  const keys = Object.keys(value).sort();
  return keys.map((key) => [key, canonical((value as Record<string, unknown>)[key])]);
}

import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import JSON5 from 'json5';
import { sharedFolder } from '../../support/tools';

/** One case in the format of the standard's test files. */
export interface OfficialCase {
  /** Ours: what the case is about. */
  readonly title?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Beside `throws`: either is right. */
  readonly returns?: unknown;
  /** The error's code, or true for any; null and false are none. */
  readonly throws?: string | boolean | null;
  readonly delta?: number | null;
  /** Processes that callbacks of the case need. */
  readonly required?: readonly string[];
}

export interface CaseFile {
  readonly id: string;
  readonly file: string;
  /** As they are written; {@link caseProblem} tells which of them are none. */
  readonly tests: readonly OfficialCase[];
  /** Why it cannot be read. */
  readonly problem?: string;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readJson5(file: string): unknown {
  return JSON5.parse(readFileSync(file, 'utf8'));
}

/**
 * The test files of a folder and the folders in it, or a single one. Fragments that test files refer to, and other
 * JSON, are left out.
 */
export function readCaseFolder(folder: string): CaseFile[] {
  return filesIn(folder).flatMap((file) => readCaseFile(file) ?? []);
}

function filesIn(path: string): string[] {
  if (statSync(path).isFile()) return [resolve(path)];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = entries.filter((entry) => /\.json5?$/i.test(entry.name) && isFile(path, entry));
  const folders = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
  );
  return [
    ...files.map(({ name }) => resolve(path, name)),
    ...folders.flatMap(({ name }) => filesIn(join(path, name))),
  ];
}

/** Links may lead to files, but to no folders, which might hold the link. */
function isFile(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A file that cannot be read becomes one without cases and with a problem; one that holds something else undefined. */
function readCaseFile(file: string): CaseFile | undefined {
  const name = basename(file).replace(/\.json5?$/i, '');
  const broken = (problem: string) => ({ id: name, file, tests: [], problem });
  let content: unknown;
  try {
    content = readJson5(file);
  } catch (error) {
    return broken((error as Error).message);
  }
  if (!isObject(content) || !Object.hasOwn(content, 'tests')) return undefined;
  const { id = name, tests } = content;
  // The schema of test files describes "tests", and has none.
  if (isObject(tests) && !Object.hasOwn(content, 'id')) return undefined;
  if (typeof id !== 'string') return broken('its "id" is no text');
  if (!Array.isArray(tests)) return broken('its "tests" are no array');
  return { id, file, tests };
}

/** Why something in the place of a case is none. */
export function caseProblem(test: unknown): string | undefined {
  if (!isObject(test)) return 'the case is no object';
  const { arguments: args, throws = null, delta = null, required = [] } = test;
  if (!isObject(args)) return 'the case has no "arguments"';
  if (![null, false, true].includes(throws as boolean) && (typeof throws !== 'string' || throws === ''))
    return '"throws" is neither the name of an exception nor true';
  if (!Object.hasOwn(test, 'returns') && (throws === null || throws === false))
    return 'the case says neither what it "returns" nor what it "throws"';
  if (delta !== null && !(typeof delta === 'number' && delta >= 0)) return '"delta" is no positive number';
  if (!Array.isArray(required) || required.some((name) => typeof name !== 'string'))
    return '"required" is no list of processes';
  return undefined;
}

/** Where files are that cases refer to: beside the test file, in the folder around it, or among the standard's tests. */
function placesAround(base: string): string[] {
  const own = dirname(base);
  const standard = sharedFolder ? [join(sharedFolder, 'spec', 'openeo-processes', 'tests')] : [];
  return [own, dirname(own), ...standard];
}

/**
 * Replaces `{"$ref": "file"}` by the content of the file: JSON and JSON5 as values, all else as text.
 * @param around the files that are being read, to notice circles.
 */
export function resolveReferences(value: unknown, base: string, around: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, base, around));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref } = value as { $ref?: unknown };
  if (typeof $ref === 'string') return readReference($ref, base, around);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveReferences(item, base, around)]),
  );
}

function readReference(reference: string, base: string, around: readonly string[]): unknown {
  if (/^[a-z]+:\/\//i.test(reference))
    throw new Error(`cannot load ${reference}: only files beside the tests are read`);
  const file = placesAround(base)
    .map((place) => resolve(place, reference))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (file === undefined) throw new Error(`cannot load ${reference}: there is no such file`);
  if (around.includes(file)) throw new Error(`${reference} refers to itself`);
  if (!/\.(?:geo)?json5?$/i.test(file)) return readFileSync(file, 'utf8');
  let content: unknown;
  try {
    content = readJson5(file);
  } catch (error) {
    throw new Error(`cannot read ${reference}: ${(error as Error).message}`);
  }
  return resolveReferences(content, file, [...around, file]);
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

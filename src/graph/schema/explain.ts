import type { ErrorObject } from '../../base/schema';
import { isCube } from '../../raster/cube';
import { nameSubtype } from './subtypes';
import { nameValue } from './values';

/** One thing wrong with a value. */
export interface Violation {
  /** JSON pointer from the root of the value. */
  readonly path: string;
  readonly reason: string;
}

const maxExplained = 200;
const mismatches = new Set(['type', 'subtype', 'plainObject', 'finite']);

/**
 * What is wrong, from the errors of every alternative that a schema offers. Alternatives of another type
 * than the value's are not explained; where all are, the message lists them.
 */
export function explain(alternatives: readonly (readonly ErrorObject[])[]): readonly Violation[] {
  return explainChoice(
    alternatives.map((errors) => errors.slice(0, maxExplained)),
    '',
  );
}

function explainChoice(branches: readonly (readonly ErrorObject[])[], path: string): readonly Violation[] {
  const fitting = branches.filter((errors) => !errors.some((error) => isMismatch(error, path)));
  const closest = fitting.sort((a, b) => a.length - b.length)[0];
  if (closest) return explainAll(closest);
  const errors = branches.flat().filter((error) => isMismatch(error, path));
  return [describeMismatch(errors, path)];
}

function isMismatch(error: ErrorObject, path: string): boolean {
  return error.instancePath === path && mismatches.has(error.keyword);
}

function explainAll(errors: readonly ErrorObject[]): readonly Violation[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const outermost = choices.sort((a, b) => a.schemaPath.length - b.schemaPath.length)[0];
  if (!outermost) return explainLeaves(errors);
  const branches = new Map<string, ErrorObject[]>();
  const others: ErrorObject[] = [];
  const prefix = `${outermost.schemaPath}/`;
  for (const error of errors) {
    if (error === outermost) continue;
    if (error.schemaPath.startsWith(prefix) && isAtOrBelow(error.instancePath, outermost.instancePath)) {
      const index = error.schemaPath.slice(prefix.length).split('/', 1)[0];
      branches.set(index, [...(branches.get(index) ?? []), error]);
    } else others.push(error);
  }
  const chosen =
    branches.size === 0
      ? [{ path: outermost.instancePath, reason: 'must match exactly one of the allowed forms' }]
      : explainChoice([...branches.values()], outermost.instancePath);
  return [...chosen, ...explainAll(others)];
}

function isAtOrBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

function explainLeaves(errors: readonly ErrorObject[]): readonly Violation[] {
  const violations: Violation[] = [];
  const mismatched = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    if (error.keyword === 'if') continue;
    if (mismatches.has(error.keyword))
      mismatched.set(error.instancePath, [...(mismatched.get(error.instancePath) ?? []), error]);
    else violations.push({ path: error.instancePath, reason: describe(error) });
  }
  return [...[...mismatched].map(([path, group]) => describeMismatch(group, path)), ...violations];
}

function describeMismatch(errors: readonly ErrorObject[], path: string): Violation {
  const names = new Set<string>();
  for (const error of errors) {
    const parent = error.parentSchema as { subtype?: string; dimensions?: unknown } | undefined;
    if (error.keyword === 'subtype') names.add(nameSubtype(String(error.schema), parent));
    else if (error.keyword === 'plainObject') names.add('a plain object');
    else if (error.keyword === 'finite') names.add('a finite integer');
    else if (parent?.subtype !== undefined && [error.schema].flat().length === 1)
      names.add(nameSubtype(parent.subtype, parent));
    else for (const type of [error.schema].flat()) names.add(typeNames.get(type) ?? String(type));
  }
  const [last, ...rest] = [...names].reverse();
  const list = rest.length === 0 ? last : `${rest.reverse().join(', ')} or ${last}`;
  return { path, reason: `must be ${list}, not ${nameCube(errors[0].data) ?? nameValue(errors[0].data)}` };
}

/** A data cube by its dimensions: it can be another one that is wanted. */
function nameCube(value: unknown): string | undefined {
  if (!isCube(value)) return undefined;
  const names = value.dimensions.map(({ name, type }) => `${name} (${type})`);
  return `a data cube ${names.length === 0 ? 'without dimensions' : `of ${names.join(', ')}`}`;
}

const typeNames = new Map<unknown, string>([
  ['string', 'a string'],
  ['number', 'a number'],
  ['integer', 'an integer'],
  ['boolean', 'a boolean'],
  ['array', 'an array'],
  ['object', 'an object'],
  ['null', 'null'],
]);

function describe(error: ErrorObject): string {
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${(error.params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(error.params.allowedValue)}`;
    case 'additionalProperties':
      return `must not have the property ${JSON.stringify(error.params.additionalProperty)}`;
    case 'format':
      return `must be a ${error.params.format}`;
    default:
      return error.message ?? `must fulfil ${error.keyword}`;
  }
}

import { OpenEOError } from '../base/errors';
import { isDeeperThan } from '../base/json';
import { isReservedName } from './reserved';
import { schemaKinds } from './schema/kinds';
import { isJsonObject } from './shape';
import type { ParameterSpec, ProcessDefinition } from './types';

const numberText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const maxQueryDepth = 100;

/**
 * Values for the parameters that a graph declares, from the query string of a request. Text is read as the
 * parameter's schema allows: JSON for arrays and objects, numbers, booleans and null; otherwise it stays
 * text. Names that are not declared are ignored.
 * @throws OpenEOError `ProcessParameterInvalid` for names that only the server sets, and for text that
 *   cannot be read.
 */
export function bindQuery(
  definition: ProcessDefinition,
  query: ReadonlyMap<string, string>,
): Map<string, unknown> {
  for (const name of query.keys())
    if (isReservedName(name)) throw invalid(name, 'only the server gives this name a value.');
  const bound = new Map<string, unknown>();
  for (const parameter of declaredParameters(definition)) {
    const text = query.get(parameter.name);
    if (text !== undefined) bound.set(parameter.name, readText(text, parameter));
  }
  return bound;
}

function declaredParameters({ parameters }: ProcessDefinition): readonly ParameterSpec[] {
  if (!Array.isArray(parameters)) return [];
  return parameters.filter((parameter) => isJsonObject(parameter) && typeof parameter.name === 'string');
}

function readText(text: string, { name, schema }: ParameterSpec): unknown {
  const kinds = schemaKinds(schema);
  const allows = (kind: string) => kinds === undefined || kinds.has(kind);
  if (allows('number') && numberText.test(text) && Number.isFinite(Number(text))) return Number(text);
  if (allows('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (allows('null') && text === 'null') return null;
  if (/^\s*[[{]/.test(text) && (allows('array') || allows('object'))) {
    const json = readJson(text);
    if (json !== undefined && allows(Array.isArray(json) ? 'array' : 'object')) {
      if (isDeeperThan(json, maxQueryDepth)) throw invalid(name, 'it is nested too deeply.');
      return json;
    }
  }
  if (allows('string')) return text;
  throw invalid(name, `${JSON.stringify(text.slice(0, 80))} is not ${[...(kinds ?? [])].join(' or ')}.`);
}

function readJson(text: string): object | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process: 'of the request', parameter, reason });
}

const injectedUsers = new WeakSet<object>();

/**
 * The value of `_openeo_user`: `{ user_id, name, email?, roles }`. A process parameter that takes text and
 * no objects receives the id alone.
 */
export function injectedUser(user: {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly roles: readonly string[];
}): Readonly<Record<string, unknown>> {
  const { id, name, email, roles } = user;
  const value = Object.freeze({
    user_id: id,
    name,
    ...(email === undefined ? {} : { email }),
    roles: Object.freeze([...roles]),
  });
  injectedUsers.add(value);
  return value;
}

/** The id when the value is an injected user. */
export function injectedUserId(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !injectedUsers.has(value)) return undefined;
  return (value as { user_id: string }).user_id;
}

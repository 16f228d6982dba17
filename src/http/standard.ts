import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import api from '../../schemas/openeo/api.json';
import { countParts } from '../base/json';

/** The version of the openEO API that the schemas in `schemas/openeo/` belong to. */
export const apiVersion: string = api.version;

/** Methods and address templates of the standard: `GET /collections/{collection_id}`. */
export const standardEndpoints: readonly string[] = Object.keys(api.endpoints);

const nullableMetadata = ['id', 'summary', 'description', 'parameters', 'returns'] as const;

/**
 * The standard's definitions as we check requests by them:
 * - the nodes of process graphs are left to the graph room, which names node, argument and reason;
 * - ids of processes may contain hyphens, as those of existing clients do;
 * - metadata may be null, as the standard's prose and its clients have it (its `allOf` takes that back);
 * - lists may repeat themselves: to compare each pair of a million schemas would take days.
 */
function requestDefinitions(): Record<string, unknown> {
  const { process, ...others } = api.definitions;
  const properties: Record<string, unknown> = { ...process.properties };
  for (const name of nullableMetadata)
    properties[name] = { anyOf: [{ type: 'null' }, process.properties[name]] };
  return withoutPairwise({
    ...others,
    process: { ...process, properties },
    process_graph: { type: 'object' },
    process_id: { type: 'string', pattern: '^[\\w-]+$' },
  }) as Record<string, unknown>;
}

/** Schemas without `uniqueItems`, which compares each item with each other one. */
function withoutPairwise(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(withoutPairwise);
  const entries = Object.entries(schema).filter(([name, value]) => name !== 'uniqueItems' || value !== true);
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutPairwise(value)]));
}

/** How the bodies of one endpoint are checked; a body that is not valid is looked at again to find all violations. */
interface BodyChecks {
  readonly first: ValidateFunction;
  readonly all: ValidateFunction;
}

let compilers: { readonly first: Ajv; readonly all: Ajv } | undefined;
const checks = new Map<string, BodyChecks>();

/** To collect all violations takes time that grows with their square: of larger bodies the first one is told alone. */
const maxExplainedValues = 2000;

/**
 * What is wrong with the JSON body of a request by the standard; empty where it is valid.
 * @param endpoint one of {@link standardEndpoints} that takes JSON; its schema is compiled at first use
 */
export function bodyErrors(endpoint: string, body: unknown): readonly ErrorObject[] {
  const { first, all } = checksOf(endpoint);
  if (first(body)) return [];
  if (countParts(body, maxExplainedValues) > maxExplainedValues || all(body))
    return leadingErrors(first.errors ?? []);
  return leadingErrors(all.errors ?? []);
}

function checksOf(endpoint: string): BodyChecks {
  const known = checks.get(endpoint);
  if (known) return known;
  compilers ??= { first: createCompiler(false), all: createCompiler(true) };
  const pointer = endpoint.replaceAll('~', '~0').replaceAll('/', '~1');
  const schema = { $ref: `openeo#/endpoints/${encodeURIComponent(pointer)}/request/application~1json` };
  const made = { first: compilers.first.compile(schema), all: compilers.all.compile(schema) };
  checks.set(endpoint, made);
  return made;
}

function createCompiler(allErrors: boolean): Ajv {
  const compiler = new Ajv({ strict: false, allErrors, unicodeRegExp: false });
  addFormats(compiler);
  return compiler.addSchema({ ...api, definitions: requestDefinitions() }, 'openeo');
}

/** The errors that say something: not those of alternatives that merely lead to one. */
function leadingErrors(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const telling = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf');
  const isNullBranch = ({ keyword, params, schemaPath }: ErrorObject) =>
    keyword === 'type' && (params as { type: string }).type === 'null' && /anyOf\/0/.test(schemaPath);
  const others = telling.filter((error) => !isNullBranch(error));
  return others.length > 0 ? others : errors;
}

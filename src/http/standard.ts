import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import api from '../../schemas/openeo/api.json';

/** The version of the openEO API that the schemas in `schemas/openeo/` belong to. */
export const apiVersion: string = api.version;

/** Methods and address templates of the standard: `GET /collections/{collection_id}`. */
export const standardEndpoints: readonly string[] = Object.keys(api.endpoints);

const nullableMetadata = ['id', 'summary', 'description', 'parameters', 'returns'] as const;

/**
 * The standard's definitions as we check requests by them:
 * - the nodes of process graphs are left to the graph room, which names node, argument and reason;
 * - ids of processes may contain hyphens, as those of existing clients do;
 * - metadata may be null, as the standard's prose and its clients have it (its `allOf` takes that back).
 */
function requestDefinitions(): Record<string, unknown> {
  const { process, ...others } = api.definitions;
  const properties: Record<string, unknown> = { ...process.properties };
  for (const name of nullableMetadata)
    properties[name] = { anyOf: [{ type: 'null' }, process.properties[name]] };
  return {
    ...others,
    process: { ...process, properties },
    process_graph: { type: 'object' },
    process_id: { type: 'string', pattern: '^[\\w-]+$' },
  };
}

let compiler: Ajv | undefined;
const validators = new Map<string, ValidateFunction>();

/**
 * What checks the JSON body of an endpoint against the standard; compiled at first use.
 * @param endpoint one of {@link standardEndpoints} that takes JSON
 */
export function bodyValidator(endpoint: string): ValidateFunction {
  const known = validators.get(endpoint);
  if (known) return known;
  if (!compiler) {
    compiler = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, verbose: false });
    addFormats(compiler);
    compiler.addSchema({ ...api, definitions: requestDefinitions() }, 'openeo');
  }
  const pointer = endpoint.replaceAll('~', '~0').replaceAll('/', '~1');
  const validate = compiler.compile({
    $ref: `openeo#/endpoints/${encodeURIComponent(pointer)}/request/application~1json`,
  });
  validators.set(endpoint, validate);
  return validate;
}

/** The errors that say something: not those of alternatives that merely lead to one. */
export function leadingErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  const telling = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf');
  const isNullBranch = ({ keyword, params, schemaPath }: ErrorObject) =>
    keyword === 'type' && (params as { type: string }).type === 'null' && /anyOf\/0/.test(schemaPath);
  const others = telling.filter((error) => !isNullBranch(error));
  return others.length > 0 ? others : [...errors];
}

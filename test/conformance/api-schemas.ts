import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import api from '../../schemas/openeo/api.json';

interface ResponseDescription {
  readonly content: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}
type Endpoints = Readonly<
  Record<
    string,
    { readonly request?: unknown; readonly responses: Readonly<Record<string, ResponseDescription>> }
  >
>;

/** What the standard says of each endpoint, by `GET /collections/{collection_id}`. */
export const endpoints: Endpoints = api.endpoints;

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats(ajv);
ajv.addSchema(api, 'openeo');

function compile(...path: string[]): ValidateFunction {
  const pointer = path
    .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const $ref = `openeo#/endpoints/${pointer}`;
  return ajv.getSchema($ref) ?? ajv.compile({ $ref });
}

/** The key of a status in the standard: itself, or its class (`4XX`). */
export function documentedStatus(endpoint: string, status: number): string | undefined {
  const { responses } = endpoints[endpoint];
  return [String(status), `${Math.floor(status / 100)}XX`].find((key) => Object.hasOwn(responses, key));
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** All that an answer has against the standard. */
export function violations(endpoint: string, { status, headers, text }: Answer): string[] {
  const key = documentedStatus(endpoint, status);
  if (key === undefined) return [`the status ${status} is not documented`];
  const { content, headers: described = {} } = endpoints[endpoint].responses[key];
  const found: string[] = [];
  for (const name of Object.keys(described)) {
    const value = headers.get(name);
    if (value === null) continue;
    const validate = compile(endpoint, 'responses', key, 'headers', name);
    const parsed = Number.isNaN(Number(value)) ? value : Number(value);
    if (!validate(parsed)) found.push(`the header ${name}: ${ajv.errorsText(validate.errors)}`);
  }
  const types = Object.keys(content);
  if (types.length === 0) {
    // A result has any type; everything else without a described body has none.
    if (text !== '' && !Object.hasOwn(described, 'Content-Type'))
      found.push('a body where none is described');
    return found;
  }
  const type = (headers.get('content-type') ?? '').split(';')[0];
  if (!types.includes(type)) return [...found, `the type "${type}" is none of ${types}`];
  if (!type.endsWith('json')) return found;
  const validate = compile(endpoint, 'responses', key, 'content', type);
  if (!validate(JSON.parse(withoutPlaceholders(text))))
    found.push(ajv.errorsText(validate.errors, { separator: '\n' }));
  return found;
}

/** The address of an XYZ service is a template, as every map client expects it, and no URI before it is filled in. */
function withoutPlaceholders(text: string): string {
  return text.replace(/\/\{z\}\/\{x\}\/\{y\}/g, '/0/0/0');
}

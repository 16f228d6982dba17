import Ajv, { type ErrorObject, type KeywordDefinition, type ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { JsonSchema } from './json';
import { longestText } from './patterns';

export type { ErrorObject, KeywordDefinition, ValidateFunction };

/** Patterns may come from users: no text matches that would take too long. */
function boundedRegExp(source: string, flags: string) {
  const pattern = new RegExp(source, flags);
  const longest = longestText(source);
  return {
    test: (text: string) => text.length <= longest && pattern.test(text),
    // ajv tells the patterns of a schema apart by this text.
    toString: () => String(pattern),
  };
}

/**
 * Compiles the schemas of process parameters: draft-07, with further keywords such as openEO's `subtype`.
 * NaN and the infinities are numbers here, as the standard says; only own properties count.
 * With `passContext` the `this` of a validation call reaches the keywords.
 * @param allErrors whether all violations are collected, or checking ends at the first one
 */
export function createProcessSchemaCompiler(
  keywords: readonly KeywordDefinition[] = [{ keyword: 'subtype' }],
  allErrors = true,
): Ajv {
  const ajv = new Ajv({
    strict: false,
    strictNumbers: false,
    unicodeRegExp: false,
    allErrors,
    validateFormats: true,
    ownProperties: true,
    passContext: true,
    verbose: true,
    logger: false,
    code: { regExp: Object.assign(boundedRegExp, { code: 'boundedRegExp' }) },
  });
  addFormats(ajv);
  for (const keyword of keywords) ajv.addKeyword(keyword);
  return ajv;
}

/** Compiles our own schemas: 2020-12, strict. */
export function createSchemaCompiler(options: { coerceTypes?: boolean } = {}): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    allowUnionTypes: true,
    coerceTypes: options.coerceTypes ?? false,
  });
  addFormats(ajv);
  return ajv;
}

/** So many violations are spelt out. */
const maxDescribed = 20;

/** What is wrong, for people: `/x_range/0 must be integer; / must have required property 'zoom'`. */
export function describeErrors(errors: readonly ErrorObject[] | null | undefined): string {
  const all = errors ?? [];
  const others = all.length > maxDescribed ? `; and ${all.length - maxDescribed} more` : '';
  const described = all
    .slice(0, maxDescribed)
    .map((error) => `${error.instancePath || '/'} ${describeViolation(error)}`);
  // Schemas that are combined may each say the same.
  return `${[...new Set(described)].join('; ')}${others}`;
}

/** What is wrong with the value at a place: `must be equal to one of the allowed values: a, b`. */
export function describeViolation(error: ErrorObject): string {
  const allowed =
    error.keyword === 'enum'
      ? `: ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`
      : '';
  const extra =
    error.keyword === 'additionalProperties'
      ? ` (${(error.params as { additionalProperty: string }).additionalProperty})`
      : '';
  return `${error.message}${allowed}${extra}`;
}

export type { JsonSchema };

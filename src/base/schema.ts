import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { JsonSchema } from './json';

export type { ErrorObject, ValidateFunction };

/**
 * Compiles the schemas of process parameters: draft-07 with openEO's `subtype`.
 * One instance, so that equal schemas compile once. (Settings: all schemas of the standard's processes compile with them.)
 */
export function createProcessSchemaCompiler(): Ajv {
  const ajv = new Ajv({ strict: false, unicodeRegExp: false, allErrors: true, validateFormats: true });
  addFormats(ajv);
  ajv.addKeyword({ keyword: 'subtype' });
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

/** What is wrong, for people: `/x_range/0 must be integer; / must have required property 'zoom'`. */
export function describeErrors(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? [])
    .map((error) => {
      const allowed =
        error.keyword === 'enum'
          ? `: ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`
          : '';
      const extra =
        error.keyword === 'additionalProperties'
          ? ` (${(error.params as { additionalProperty: string }).additionalProperty})`
          : '';
      return `${error.instancePath || '/'} ${error.message}${allowed}${extra}`;
    })
    .join('; ');
}

export type { JsonSchema };

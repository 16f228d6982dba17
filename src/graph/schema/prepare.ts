import type { JsonSchema } from '../../base/json';
import { assertHarmlessPattern } from '../../base/patterns';

const annotationFree = new Set([
  ...['type', 'enum', 'const', 'multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'],
  ...['maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'maxProperties'],
  ...['minProperties', 'required', 'subtype', 'dimensions'],
]);
const schemaKeys = new Set(['additionalItems', 'contains', 'additionalProperties', 'propertyNames', 'not']);
const conditionKeys = new Set(['if', 'then', 'else']);
const schemaMapKeys = new Set(['properties', 'patternProperties', 'dependencies']);
const schemaListKeys = new Set(['allOf', 'anyOf', 'oneOf']);

export interface PrepareOptions {
  /**
   * Accepts what some value of the references inside could make valid: each level lets an unknown value
   * pass, and keywords that a further value could turn from false to true are left out.
   */
  readonly lenient: boolean;
  /** Leaves it to the process to answer for missing dimensions of a cube. */
  readonly ignoreDimensions: boolean;
  readonly isFormat: (name: string) => boolean;
}

/**
 * The part of a schema that is checked, in the form that `valueKeywords` know.
 * Schemas come from users too, so what could take unbounded time is refused.
 * @throws Error that says which part of the schema cannot be used.
 */
export function prepareSchema(schema: unknown, options: PrepareOptions): JsonSchema | boolean {
  if (typeof schema === 'boolean') return schema;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new Error('a schema must be an object or a boolean');
  const prepared = prepareObject(schema as JsonSchema, options);
  if (!options.lenient) return prepared;
  return { if: { isUnknown: true }, else: prepared };
}

function prepareObject(schema: JsonSchema, options: PrepareOptions): JsonSchema {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'dimensions' && options.ignoreDimensions) continue;
    if (key === 'pattern') assertHarmlessPattern(value);
    if (annotationFree.has(key)) result[key] = value;
    else if (key === 'format' && typeof value === 'string' && options.isFormat(value)) result[key] = value;
    // References let a few lines stand for more work than there is time (and none of the standard has one).
    else if (key === '$ref' && String(value).startsWith('#'))
      throw new Error('"$ref" is not supported; write the schema out');
    else if (key === 'items' && Array.isArray(value))
      result[key] = value.map((item) => prepareSchema(item, options));
    else if (key === 'items' || schemaKeys.has(key)) result[key] = prepareSchema(value, options);
    else if (conditionKeys.has(key) && !options.lenient) result[key] = prepareSchema(value, options);
    else if (schemaMapKeys.has(key)) result[key] = prepareMap(key, value, options);
    else if (schemaListKeys.has(key)) result[key] = prepareList(key, value, options);
  }
  const types = [schema.type].flat();
  if (types.includes('object') && schema.subtype === undefined) result.plainObject = true;
  if (types.includes('integer') && !types.includes('number')) result.finite = true;
  // Without scalar items the comparison of all pairs takes quadratic time.
  if (!hasScalarItems(schema)) delete result.uniqueItems;
  if (options.lenient) weaken(result);
  return result;
}

function prepareMap(key: string, value: unknown, options: PrepareOptions): JsonSchema {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${key} must be an object`);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== '__proto__')
      .map(([name, item]) => {
        if (key === 'patternProperties') assertHarmlessPattern(name);
        return [name, key === 'dependencies' && Array.isArray(item) ? item : prepareSchema(item, options)];
      }),
  );
}

function prepareList(key: string, value: unknown, options: PrepareOptions): (JsonSchema | boolean)[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${key} must be an array of schemas`);
  return value.map((item) => prepareSchema(item, options));
}

/** `not` and `contains` could hold, `uniqueItems` and `oneOf` could fail or hold with another value. */
function weaken(schema: Record<string, unknown>): void {
  delete schema.not;
  delete schema.contains;
  delete schema.uniqueItems;
  if (schema.oneOf !== undefined) {
    schema.allOf = [...((schema.allOf as unknown[]) ?? []), { anyOf: schema.oneOf }];
    delete schema.oneOf;
  }
  for (const key of ['enum', 'const'])
    if (schema[key] !== undefined) {
      const choice = { anyOf: [{ type: ['array', 'object'] }, { [key]: schema[key] }] };
      schema.allOf = [...((schema.allOf as unknown[]) ?? []), choice];
      delete schema[key];
    }
}

const scalarTypes = new Set<unknown>(['string', 'number', 'integer', 'boolean', 'null']);

function hasScalarItems({ items }: JsonSchema): boolean {
  if (typeof items !== 'object' || items === null) return false;
  const types = [(items as JsonSchema).type].flat();
  return types.every((type) => scalarTypes.has(type));
}

import type { JsonSchema } from '../../base/json';

const annotationFree = new Set([
  ...['type', 'enum', 'const', 'multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'],
  ...['maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'maxProperties'],
  ...['minProperties', 'required', 'subtype', 'dimensions'],
]);
const schemaKeys = new Set(['additionalItems', 'contains', 'additionalProperties', 'propertyNames', 'not']);
const conditionKeys = new Set(['if', 'then', 'else']);
const schemaMapKeys = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);
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

/** @throws Error that says which part of the schema cannot be used. */
export function prepareSchema(schema: unknown, options: PrepareOptions): JsonSchema | boolean {
  if (typeof schema === 'boolean') return schema;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new Error('a schema must be an object or a boolean');
  const prepared = prepareObject(schema as JsonSchema, options);
  if (!options.lenient) return prepared;
  const { definitions, $defs, ...rest } = prepared;
  return {
    ...(definitions === undefined ? {} : { definitions }),
    ...($defs === undefined ? {} : { $defs }),
    if: { isUnknown: true },
    else: rest,
  };
}

function prepareObject(schema: JsonSchema, options: PrepareOptions): JsonSchema {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'dimensions' && options.ignoreDimensions) continue;
    if (key === 'pattern') assertHarmlessPattern(value);
    if (annotationFree.has(key)) result[key] = value;
    else if (key === 'format' && typeof value === 'string' && options.isFormat(value)) result[key] = value;
    else if (key === '$ref' && typeof value === 'string' && value.startsWith('#')) result[key] = value;
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

/** Groups that repeat something repeated, and back-references, can keep a matcher busy for ever. */
const costlyPattern =
  /\([^()]*(?:[+*}]|\{\d+,|\|)[^()]*\)\s*(?:[+*]|\{\d+,)|\)[^()]*\)\s*(?:[+*]|\{\d+,)|\\[1-9]|\\k</;

function assertHarmlessPattern(pattern: unknown): void {
  if (typeof pattern !== 'string') throw new Error('a pattern must be a string');
  if (pattern.length > 1000 || costlyPattern.test(pattern))
    throw new Error(
      `the pattern ${JSON.stringify(pattern.slice(0, 80))} can take too long to match; simplify it`,
    );
}

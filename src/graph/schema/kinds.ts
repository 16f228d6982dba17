import { isCube } from '../../raster/cube';
import { LabeledArray } from '../types';

/**
 * The kinds of values that a schema allows, or undefined where that cannot be told cheaply.
 * Two schemas without a common kind have no value in common.
 */
export function schemaKinds(schema: unknown): ReadonlySet<string> | undefined {
  if (Array.isArray(schema)) return unite(schema);
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { type, subtype, anyOf, oneOf } = schema as Record<string, unknown>;
  if (type === undefined)
    return Array.isArray(anyOf ?? oneOf) ? unite((anyOf ?? oneOf) as unknown[]) : undefined;
  return new Set(
    [type].flat().map((name) => {
      if (name === 'integer') return 'number';
      if (name === 'object' && typeof subtype === 'string' && Object.hasOwn(ownKinds, subtype))
        return ownKinds[subtype as keyof typeof ownKinds];
      return String(name);
    }),
  );
}

/** Objects that no plain JSON object can stand for. */
const ownKinds = {
  datacube: 'a data cube',
  'raster-cube': 'a data cube',
  'vector-cube': 'a data cube',
  'process-graph': 'a process graph',
  'tile-store': 'a tile store',
} as const;

function unite(schemas: readonly unknown[]): ReadonlySet<string> | undefined {
  const kinds = schemas.map(schemaKinds);
  if (kinds.length === 0 || kinds.includes(undefined)) return undefined;
  return new Set(kinds.flatMap((set) => [...(set as ReadonlySet<string>)]));
}

/** True when a value of the first schema is certainly none of the second. */
export function areDisjoint(from: unknown, to: unknown): boolean {
  const source = schemaKinds(from);
  const target = schemaKinds(to);
  if (!source || !target || source.size === 0) return false;
  return ![...source].some((kind) => target.has(kind));
}

/** True where a parameter takes the id of a user rather than the user: strings and no objects. */
export function wantsText(schema: unknown): boolean {
  const kinds = schemaKinds(schema);
  return kinds?.has('string') === true && !kinds.has('object');
}

interface ParameterNames {
  readonly name?: unknown;
}

/**
 * The parameters that a schema of subtype "process-graph" hands to a process graph at this place of the
 * value (for example `["eo:cloud_cover"]` in `properties`); undefined where the schema does not say.
 */
export function callbackParameters(
  schema: unknown,
  path: readonly (string | number)[],
): readonly string[] | undefined {
  let places = flatten(schema);
  for (const key of path) places = places.flatMap((place) => descend(place, key)).flatMap(flatten);
  const graphs = places.filter((place) => place.subtype === 'process-graph');
  if (graphs.length === 0) return undefined;
  const names = graphs.flatMap(({ parameters }) =>
    Array.isArray(parameters) ? parameters.map((parameter: ParameterNames) => String(parameter?.name)) : [],
  );
  return [...new Set(names)];
}

/**
 * The kinds of values that a process graph at this place has to give, or undefined where any will do or the schema
 * does not say. No-data is always among them.
 */
export function callbackReturns(
  schema: unknown,
  path: readonly (string | number)[],
): ReadonlySet<string> | undefined {
  let places = flatten(schema);
  for (const key of path) places = places.flatMap((place) => descend(place, key)).flatMap(flatten);
  const graphs = places.filter((place) => place.subtype === 'process-graph');
  const kinds = unite(graphs.map(({ returns }) => (returns as Schema | undefined)?.schema));
  return kinds && new Set([...kinds, 'null']);
}

/** The kind of a value, in the words of {@link schemaKinds}. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value) || value instanceof LabeledArray) return 'array';
  return isCube(value) ? ownKinds.datacube : 'object';
}

export function unexpectedResult(kind: string, expected: ReadonlySet<string>): string {
  const wanted = [...expected].filter((name) => name !== 'null').join(' or ');
  return `its process graph gives ${kind} where ${wanted} is expected.`;
}

type Schema = Readonly<Record<string, unknown>>;

function flatten(schema: unknown): Schema[] {
  if (Array.isArray(schema)) return schema.flatMap(flatten);
  if (typeof schema !== 'object' || schema === null) return [];
  const { anyOf, oneOf, allOf } = schema as Schema;
  return [schema as Schema, ...[anyOf, oneOf, allOf].flatMap(flatten)];
}

function descend(schema: Schema, key: string | number): unknown[] {
  if (typeof key === 'number') {
    const { items, additionalItems } = schema;
    return Array.isArray(items) ? [items[key] ?? additionalItems] : [items];
  }
  const properties = schema.properties;
  if (typeof properties === 'object' && properties !== null && Object.hasOwn(properties, key))
    return [(properties as Schema)[key]];
  return [schema.additionalProperties];
}

/** True when one of the alternatives of a schema names the subtype. */
export function namesSubtype(schema: unknown, subtype: string): boolean {
  return flatten(schema).some((alternative) => alternative.subtype === subtype);
}

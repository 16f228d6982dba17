import type { Json } from '../../base/json';
import type { RasterItem } from './types';

type JsonObject = { [key: string]: Json };

/** Texts of which there are more are described without listing them. */
const maxListed = 50;

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function describe(values: readonly unknown[]): JsonObject | undefined {
  const types = new Set(
    values.map((value) =>
      Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value,
    ),
  );
  if (types.has('number')) types.delete('integer');
  if (types.size !== 1) return undefined;
  const [type] = types;
  if (type === 'number' || type === 'integer') {
    let [minimum, maximum] = [Infinity, -Infinity];
    for (const value of values as readonly number[]) {
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
    }
    return { type, minimum, maximum };
  }
  if (type === 'string') {
    const texts = values as readonly string[];
    if (texts.every((text) => rfc3339.test(text))) return { type, format: 'date-time' };
    const distinct = [...new Set(texts)].sort();
    return distinct.length <= maxListed ? { type, enum: distinct } : { type };
  }
  if (type === 'boolean') return { type };
  return undefined;
}

/** A JSON Schema of the properties that items can be filtered by. */
export function describeQueryables(title: string, items: readonly RasterItem[]): JsonObject {
  const values = new Map<string, unknown[]>();
  for (const item of items)
    for (const [name, value] of Object.entries(item.properties)) {
      if (value === null || value === undefined) continue;
      const list = values.get(name);
      if (list) list.push(value);
      else values.set(name, [value]);
    }
  const properties = [...values].flatMap(([name, list]): [string, JsonObject][] => {
    const schema = describe(list);
    return schema ? [[name, { title: name, ...schema }]] : [];
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    title,
    properties: Object.fromEntries(properties),
    additionalProperties: true,
  };
}

import { unsuitable } from '../unsuitable';
import type { Column, Table } from './model';

type Row = ReadonlyMap<string, unknown>;

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function rowOf(value: unknown): Row {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item as unknown]));
  return isObject(value) ? new Map(Object.entries(value)) : new Map([['value', value]]);
}

/** The rows of a value that is no cube: one for each element, or a single one. */
function rowsOf(data: unknown): Row[] {
  if (ArrayBuffer.isView(data)) return Array.from(data as Uint8Array, rowOf);
  if (Array.isArray(data)) return data.map(rowOf);
  const { labels, values } = (data ?? {}) as { labels?: unknown; values?: unknown };
  // An array with labels; its class belongs to a room that formats may not import.
  if (!isObject(data) && Array.isArray(labels) && Array.isArray(values))
    return values.map(
      (value, index) => new Map<string, unknown>([['label', labels[index]], ...rowOf(value)]),
    );
  return [rowOf(data)];
}

function scalar(value: unknown, format: string): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value) || isObject(value)) return JSON.stringify(value);
  throw unsuitable(`${format} cannot hold what is no data.`);
}

/**
 * Numbers, texts, arrays and objects as a table: a row for each element of an array, a column for each key or position
 * of an element. What is nested deeper becomes JSON.
 * @throws ProcessException `FormatUnsuitable`
 */
export function tableOfValues(data: unknown, format: string): Table {
  const rows = rowsOf(data);
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const values = names.map((name) => rows.map((row) => scalar(row.get(name), format)));
  const columns = names.map((name, index): Column => {
    const isAll = (type: string) => values[index].every((value) => value === null || typeof value === type);
    const kind = isAll('number') ? 'float64' : isAll('boolean') ? 'boolean' : 'text';
    if (kind === 'text')
      values[index] = values[index].map((value) => (value === null ? null : String(value)));
    return { name, kind, isValue: true };
  });
  return {
    columns,
    async *batches() {
      yield { rows: rows.length, columns: values.map((column) => ({ values: column })) };
    },
  };
}

import { createPace } from '../../base/pace';
import type { Geometry } from '../vector/geometry';
import { floatText } from './float-text';
import { type FormatParameters, readOptions } from './options';
import { bodyOf, Spool } from './spool';
import { type BatchColumn, type Column, hasValues, isThere, type Table } from './table/model';
import { tableOf } from './table/table';
import type { Encoded, EncodeRequest, OutputFormat } from './types';
import { toWkt } from './wkt';

const parameters = {
  separator: {
    type: 'string',
    enum: [',', ';', '\t', '|'],
    default: ',',
    description: 'What is put between columns.',
  },
  geometry: {
    type: 'string',
    enum: ['none', 'wkt'],
    default: 'none',
    description:
      'How geometries are told: by their identifiers or numbers alone, or also as well-known text in a column of its ' +
      'own, repeated in each row.',
  },
} as const satisfies FormatParameters;

interface CsvOptions {
  readonly separator: string;
  readonly geometry: 'none' | 'wkt';
}

const file = { mediaType: 'text/csv; charset=utf-8', extension: '.csv' } as const;

/** Rows that become bytes together. */
const rowsAtOnce = 4096;

/** How a value of a column is written. */
function formatter({ kind }: Column, separator: string): (value: unknown) => string {
  if (kind === 'boolean') return (value) => (value ? 'true' : 'false');
  if (kind === 'geometry') return (value) => quote(toWkt(value as Geometry | null), separator);
  if (kind === 'text' || kind === 'time') return (value) => quote(String(value), separator);
  if (kind !== 'float32') return String;
  return (value) => floatText(value as number);
}

/** RFC 4180; what a reader would take for nothing is quoted as well. */
function quote(text: string, separator: string): string {
  const isPlain = text !== '' && !/["\r\n]|^\s|\s$/.test(text) && !text.includes(separator);
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}

/** A column as text, row by row. Labels that follow one another are formatted once. */
function texts(column: BatchColumn, format: (value: unknown) => string): (row: number) => string {
  let last: unknown;
  let text = '';
  const { values } = column;
  return (row) => {
    if (!isThere(column, row)) return '';
    const value = values[row];
    if (!Object.is(value, last) || text === '') {
      last = value;
      text = format(value);
    }
    return text;
  };
}

async function write(table: Table, spool: Spool, separator: string, signal: AbortSignal): Promise<boolean> {
  const rest = createPace(signal);
  const formats = table.columns.map((column) => formatter(column, separator));
  await spool.append(
    Buffer.from(`${table.columns.map(({ name }) => quote(name, separator)).join(separator)}\n`),
  );
  let hasData = false;
  for await (const batch of table.batches(signal)) {
    const { rows, columns } = batch;
    const cells = columns.map((column, index) => texts(column, formats[index]));
    hasData ||= hasValues(table, batch);
    for (let from = 0; from < rows; from += rowsAtOnce) {
      const to = Math.min(rows, from + rowsAtOnce);
      let text = '';
      for (let row = from; row < to; row++) {
        text += cells[0](row);
        for (let index = 1; index < cells.length; index++) text += separator + cells[index](row);
        text += '\n';
      }
      await spool.append(Buffer.from(text));
      await rest();
    }
  }
  return hasData;
}

/** Comma-separated values with a header, as RFC 4180 has them. */
export const csv: OutputFormat = {
  name: 'CSV',
  title: 'Comma-separated values',
  description:
    'A row for each combination of labels (dates, geometries, pixels) with the labels first, then a column for each ' +
    'band, or "value". Missing values are empty. Arrays and objects have a row for each element.',
  isStreamed: true,
  holds: 'values',
  gisDataTypes: ['raster', 'vector', 'table', 'other'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<CsvOptions>('CSV', parameters, request.options);
    const geometries = options.geometry === 'wkt' ? 'own' : 'none';
    const table = tableOf(data, request, 'CSV', { geometries });
    const spool = new Spool();
    try {
      const hasData = await write(table, spool, options.separator, request.signal);
      return { ...file, body: await bodyOf(spool.read(), [spool]), hasData };
    } catch (error) {
      await spool.close();
      throw error;
    }
  },
};

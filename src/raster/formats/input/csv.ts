import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { Cube } from '../../cube';
import type { Geometry } from '../../vector/geometry';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import {
  type ColumnOptions,
  columnParameters,
  cubeOfColumns,
  type LoadedColumn,
  type Scalar,
} from './columns';
import { maxFields, refuseMany } from './limits';
import { crsParameter, readAll, readCrs, textOf } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';
import { contentVersion } from './version';
import { fromWkt } from './wkt';

const parameters = {
  separator: {
    type: 'string',
    enum: [',', ';', '\t', '|'],
    default: ',',
    description: 'What is between columns.',
  },
  ...columnParameters,
  crs: crsParameter,
} as const;

interface CsvOptions extends ColumnOptions {
  readonly separator: string;
  readonly crs: number | string | null;
}

const maxBytes = 64 << 20;
/** Text that is parsed before others have their turn. */
const pieceLength = 1 << 16;

const number = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const words = new Map<string, Scalar>([
  ['', null],
  ['true', true],
  ['false', false],
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

/** What a field without quotes says. Numbers with leading zeros are codes, and stay text. */
function scalarOf(text: string): Scalar {
  if (number.test(text)) return Number(text);
  const word = words.get(text.toLowerCase());
  return word === undefined ? text : word;
}

function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; from += pieceLength) yield text.slice(from, from + pieceLength);
}

/** The fields of a file row by row, the header first. */
async function* readRows(text: string, file: InputFile, separator: string): AsyncGenerator<Scalar[]> {
  const parser = parse({
    delimiter: separator,
    bom: true,
    skip_empty_lines: false,
    max_record_size: 16 << 20,
    cast: (value, { quoting, lines }) => (quoting || lines === 1 ? value : scalarOf(value.trim())) as string,
  });
  try {
    for await (const row of Readable.from(pieces(text)).pipe(parser)) yield row as Scalar[];
  } catch (error) {
    if (error instanceof CsvError)
      throw unsuitable(`${file.name} is not valid CSV: ${error.message}.`, error);
    throw error;
  }
}

/** Columns by name, of all files one after another. */
async function readTable(
  files: readonly InputFile[],
  contents: readonly Uint8Array[],
  separator: string,
  { signal, maxValues }: LoadRequest,
): Promise<Map<string, Scalar[]>> {
  const columns = new Map<string, Scalar[]>();
  let fields = 0;
  for (const [index, file] of files.entries()) {
    let values: Scalar[][] | undefined;
    for await (const row of readRows(textOf(contents[index], file), file, separator)) {
      signal.throwIfAborted();
      if (!values) {
        const names = row.map(String);
        if (new Set(names).size !== names.length)
          throw unsuitable(`${file.name} has two columns of the same name.`);
        if (index === 0) for (const name of names) columns.set(name, []);
        if (names.join('\n') !== [...columns.keys()].join('\n'))
          throw unsuitable(`${file.name} has other columns than ${files[0].name}.`);
        values = [...columns.values()];
        continue;
      }
      fields += row.length;
      refuseMany(fields, Math.min(maxValues, maxFields), 'The table');
      for (let column = 0; column < row.length; column++) values[column].push(row[column]);
    }
    if (!values) throw unsuitable(`${file.name} is empty; it needs a first row with names.`);
  }
  return columns;
}

/** Columns of numbers, of truth values or of text; text that is WKT throughout becomes geometries. */
function columnOf(name: string, values: Scalar[]): LoadedColumn {
  const isOne = (type: string) => values.every((value) => value === null || typeof value === type);
  if (isOne('number') || isOne('boolean')) return { name, values, isGeometry: false };
  const texts = values.map((value) => (value === null ? null : String(value)));
  if (!/geom|wkt/i.test(name)) return { name, values: texts, isGeometry: false };
  const known = new Map<string, Geometry | null | undefined>();
  const geometries: (Geometry | null)[] = [];
  for (const text of texts) {
    if (text !== null && !known.has(text)) known.set(text, fromWkt(text));
    const geometry = text === null ? null : known.get(text);
    if (geometry === undefined) return { name, values: texts, isGeometry: false };
    geometries.push(geometry);
  }
  return { name, values: geometries, isGeometry: true };
}

/** Tables in text, by RFC 4180. */
export const csvInput: InputFormat = {
  name: 'CSV',
  title: 'Comma-separated values',
  description:
    'A table with names in its first row; further files continue it with the same columns (together up to 64 MiB). ' +
    'Geometries are well-known text.',
  gisDataTypes: ['raster', 'vector', 'table'],
  parameters,
  apart: { maxBytes, leastBytes: 1 << 18, expansion: 12 },
  async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
    const options = readOptions<CsvOptions>('CSV', parameters, request.options, request.process);
    const crs = readCrs(options.crs);
    const contents = await readAll(files, maxBytes);
    const columns = await readTable(files, contents, options.separator, request);
    return await cubeOfColumns(
      Array.from(columns, ([name, values]) => columnOf(name, values)),
      options,
      { ...request, version: contentVersion(contents, options), ...(crs && { crs }) },
    );
  },
};

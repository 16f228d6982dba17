import { gzipSync } from 'node:zlib';
import type { CompressionCodec, SchemaElement } from 'hyparquet';
import { ByteWriter, geojsonToWkb, ParquetWriter } from 'hyparquet-writer';
import { createPace } from '../../base/pace';
import { wgs84 } from '../../geo/crs';
import type { Geometry } from '../vector/geometry';
import { geometryBounds } from '../vector/geometry';
import { instantOf } from './dataset/time';
import { type FormatParameters, readOptions } from './options';
import { bodyOf, Spool } from './spool';
import { type BatchColumn, type Column, hasValues, isThere, type Table } from './table/model';
import { tableOf } from './table/table';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

const parameters = {
  compression: {
    type: 'string',
    enum: ['snappy', 'gzip', 'none'],
    default: 'snappy',
    description: 'How columns are compressed.',
  },
} as const satisfies FormatParameters;

const codecs = { snappy: 'SNAPPY', gzip: 'GZIP', none: 'UNCOMPRESSED' } as const satisfies Record<
  string,
  CompressionCodec
>;

const file = { mediaType: 'application/vnd.apache.parquet', extension: '.parquet' } as const;

/** Rows of a row group: few enough that others are served between two of them; texts and geometries take longer. */
const groupRows = 65_536;
const longGroupRows = 16_384;

type Element = Pick<SchemaElement, 'type' | 'converted_type'>;

const elements: Readonly<Record<Column['kind'], Element>> = {
  uint8: { type: 'INT32', converted_type: 'UINT_8' },
  int8: { type: 'INT32', converted_type: 'INT_8' },
  uint16: { type: 'INT32', converted_type: 'UINT_16' },
  int16: { type: 'INT32', converted_type: 'INT_16' },
  uint32: { type: 'INT32', converted_type: 'UINT_32' },
  int32: { type: 'INT32' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  geometry: { type: 'BYTE_ARRAY' },
};

/** How a value of a column is handed to the writer. */
const conversions: Partial<Record<Column['kind'], (value: unknown) => unknown>> = {
  boolean: Boolean,
  text: String,
  time: (value) => new Date(instantOf(value)!),
  geometry: (value) => geojsonToWkb(value as Parameters<typeof geojsonToWkb>[0]),
};

/** Rows of a column as the writer takes them: null where missing. */
function plainValues({ kind }: Column, column: BatchColumn, from: number, to: number): unknown[] {
  const convert = conversions[kind];
  const isInteger = /^u?int/.test(kind);
  const values = new Array<unknown>(to - from);
  let last: unknown;
  let converted: unknown;
  for (let row = from; row < to; row++) {
    const value = column.values[row];
    if (!isThere(column, row)) values[row - from] = null;
    else if (convert) {
      if (value !== last || converted === undefined) converted = convert(value);
      last = value;
      values[row - from] = converted;
    } else if (isInteger) values[row - from] = Number.isNaN(value) ? null : Math.round(value as number);
    else values[row - from] = value;
  }
  return values;
}

/** What GeoParquet 1.1 says of a file with a column of geometries, in WGS 84. */
class GeoMetadata {
  readonly #types = new Set<string>();
  #bbox: [number, number, number, number] | undefined;

  add({ values }: BatchColumn, from: number, to: number): void {
    let last: unknown;
    for (let row = from; row < to; row++) {
      const value = values[row];
      if (value === null || value === last) continue;
      last = value;
      const geometry = value as Geometry;
      this.#types.add(geometry.type);
      const bounds = geometryBounds(geometry);
      if (!bounds) continue;
      const [west, south, east, north] = this.#bbox ?? [Infinity, Infinity, -Infinity, -Infinity];
      this.#bbox = [
        Math.min(west, bounds.west),
        Math.min(south, bounds.south),
        Math.max(east, bounds.east),
        Math.max(north, bounds.north),
      ];
    }
  }

  toJSON(name: string): object {
    const column = {
      encoding: 'WKB',
      geometry_types: [...this.#types].sort(),
      ...(this.#bbox && { bbox: this.#bbox }),
    };
    return { version: '1.1.0', primary_column: name, columns: Object.fromEntries([[name, column]]) };
  }
}

/** Hands what the library has written on to a spool. */
class SpoolWriter extends ByteWriter {
  constructor(readonly spool: Spool) {
    super();
  }

  async flush(): Promise<void> {
    const bytes = this.getBytes().slice();
    this.index = 0;
    await this.spool.append(bytes);
  }

  override async finish(): Promise<void> {
    await this.flush();
  }
}

async function write(
  table: Table,
  spool: Spool,
  codec: CompressionCodec,
  signal: AbortSignal,
): Promise<boolean> {
  const { columns } = table;
  const geometry = columns.findIndex(({ kind }) => kind === 'geometry');
  const metadata = new GeoMetadata();
  const key = { key: '', value: '' };
  const writer = new ParquetWriter({
    writer: new SpoolWriter(spool),
    codec,
    compressors: { GZIP: (bytes) => gzipSync(bytes) },
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, kind }) => ({ name, repetition_type: 'OPTIONAL', ...elements[kind] }) as const),
    ],
    kvMetadata: [key],
    createdBy: 'tilegraph',
  });
  const rest = createPace(signal);
  const isLong = columns.some(({ kind }) => kind === 'geometry' || kind === 'text');
  const rowGroupSize = isLong ? longGroupRows : groupRows;
  let hasData = false;
  for await (const batch of table.batches(signal)) {
    hasData ||= hasValues(table, batch);
    for (let from = 0; from < batch.rows; from += rowGroupSize) {
      const to = Math.min(batch.rows, from + rowGroupSize);
      if (geometry >= 0) metadata.add(batch.columns[geometry], from, to);
      const data = columns.map((column, index) => ({
        name: column.name,
        data: plainValues(column, batch.columns[index], from, to),
      }));
      await writer.write({ columnData: data, rowGroupSize });
      await rest();
    }
  }
  // Known only now; the library writes it at the end.
  if (geometry >= 0)
    Object.assign(key, { key: 'geo', value: JSON.stringify(metadata.toJSON(columns[geometry].name)) });
  else if (table.crs)
    Object.assign(key, { key: 'crs', value: table.crs.epsg ? table.crs.id : table.crs.definition });
  else writer.kvMetadata = undefined;
  await writer.finish();
  return hasData;
}

/** Apache Parquet; with geometries GeoParquet 1.1. */
export const parquet: OutputFormat = {
  name: 'Parquet',
  aliases: ['GeoParquet'],
  title: 'Parquet',
  description:
    'The table that CSV has, by columns with their types. Geometries are a column in WGS 84, as GeoParquet says; ' +
    'files with pixels name their reference system in the metadata "crs".',
  isStreamed: true,
  holds: 'values',
  gisDataTypes: ['raster', 'vector', 'table', 'other'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<{ compression: keyof typeof codecs }>('Parquet', parameters, request.options);
    const table = tableOf(data, request, 'Parquet', { geometries: wgs84 });
    const spool = new Spool();
    try {
      const hasData = await write(table, spool, codecs[options.compression], request.signal);
      return { ...file, body: await bodyOf(spool.read(), [spool]), hasData };
    } catch (error) {
      await spool.close();
      throw error;
    }
  },
};

import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type Compressors, type FileMetaData, parquetMetadata, parquetRead, parquetSchema } from 'hyparquet';
import { OpenEOError } from '../../../base/errors';
import { createPace } from '../../../base/pace';
import type { Crs } from '../../../geo/types';
import { wasmDecoder } from '../../codecs/zstd';
import type { Cube } from '../../cube';
import { readOptions } from '../options';
import { unsuitable } from '../unsuitable';
import { type ColumnOptions, columnParameters, cubeOfColumns, type LoadedColumn } from './columns';
import { maxFields, refuseMany } from './limits';
import { totalOfPages } from './parquet-pages';
import { crsParameter, readAll, readCrs } from './read-all';
import type { InputFile, InputFormat, LoadRequest } from './types';
import { contentVersion } from './version';

const parameters = { ...columnParameters, crs: crsParameter } as const;

interface ParquetOptions extends ColumnOptions {
  readonly crs: number | string | null;
}

const maxBytes = 128 << 20;
/** Of all pages, decompressed. */
const maxDecodedBytes = 1 << 30;

/** What a cell takes while rows become columns and columns a cube. */
const cellBytes = 32;

/** Decoders that stop at the length that a page declares. Snappy is the library's own. */
async function createCompressors(): Promise<Compressors> {
  const zstd = await wasmDecoder();
  return {
    GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
    BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
    ZSTD: (input, length) => zstd.decode(input, length),
  };
}

/** A value as cubes hold it: numbers of 64 bits become numbers, times their text, what is nested its JSON. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (typeof value !== 'object') return value;
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
}

interface Geo {
  readonly columns: ReadonlySet<string>;
  readonly crs?: Crs;
}

/** What the file's metadata say of geometries and of where its coordinates are. */
function readGeo(metadata: FileMetaData): Geo {
  const value = (key: string) => metadata.key_value_metadata?.find((entry) => entry.key === key)?.value;
  const geo = value('geo');
  if (!geo) return { columns: new Set(), crs: readCrs(value('crs')) };
  const { columns, primary_column: primary } = JSON.parse(geo) as {
    columns?: Record<string, { crs?: object | null }>;
    primary_column?: string;
  };
  const names = Object.keys(columns ?? {});
  const crs = names.includes(primary ?? '') ? columns![primary!].crs : undefined;
  return { columns: new Set(names), crs: readCrs(crs ?? 4326) };
}

/** All rows of a file, group by group. */
async function readRows(
  bytes: Uint8Array,
  metadata: FileMetaData,
  signal: AbortSignal,
): Promise<unknown[][]> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const file = {
    byteLength: buffer.byteLength,
    slice: (start: number, end?: number) => buffer.slice(start, end),
  };
  const compressors = await createCompressors();
  const rest = createPace(signal);
  const all: unknown[][] = [];
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    await parquetRead({
      ...{ file, metadata, compressors, rowStart, rowEnd },
      onComplete: (rows) => {
        for (const row of rows) all.push(row);
      },
    });
    rowStart = rowEnd;
    await rest();
  }
  return all;
}

async function readColumns(
  bytes: Uint8Array,
  file: InputFile,
  request: LoadRequest,
): Promise<{ readonly columns: LoadedColumn[]; readonly crs?: Crs }> {
  try {
    const { buffer, byteOffset, byteLength } = bytes;
    const metadata = parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const rowCounts = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
    const rowCount = rowCounts.reduce((sum, count) => sum + Math.max(0, count), 0);
    const cells = Math.max(rowCount, Number(metadata.num_rows)) * Math.max(1, names.length);
    const allowed = Math.min(request.maxValues, maxFields);
    refuseMany(cells, allowed, file.name);
    const pages = totalOfPages(bytes, metadata);
    refuseMany(pages.values, 2 * allowed, file.name);
    if (pages.bytes > maxDecodedBytes) throw new Error(`decoded it has more than ${maxDecodedBytes} bytes`);
    await request.claim?.(cells * cellBytes + pages.bytes);
    const geo = readGeo(metadata);
    const rows = await readRows(bytes, metadata, request.signal);
    const columns = names.map((name, index): LoadedColumn => {
      const isGeometry = geo.columns.has(name);
      return {
        name,
        isGeometry,
        values: rows.map((row) => (isGeometry ? (row[index] ?? null) : plain(row[index]))),
      };
    });
    return { columns, ...(geo.crs && { crs: geo.crs }) };
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof OpenEOError) throw error;
    throw unsuitable(`${file.name} cannot be read as Parquet: ${(error as Error).message}.`, error);
  }
}

/** Apache Parquet and GeoParquet, decoded by hyparquet. */
export const parquetInput: InputFormat = {
  name: 'Parquet',
  aliases: ['GeoParquet'],
  title: 'Parquet',
  description:
    'A table by columns, of one file of up to 128 MiB. Columns that GeoParquet marks as geometries become a dimension.',
  gisDataTypes: ['raster', 'vector', 'table'],
  parameters,
  apart: { maxBytes, leastBytes: 0, expansion: 3 },
  async load(files: readonly InputFile[], request: LoadRequest): Promise<Cube> {
    const options = readOptions<ParquetOptions>('Parquet', parameters, request.options, request.process);
    if (files.length !== 1) throw unsuitable('Parquet is loaded from one file at a time.');
    const given = readCrs(options.crs);
    const contents = await readAll(files, maxBytes);
    const { columns, crs } = await readColumns(contents[0], files[0], request);
    return await cubeOfColumns(columns, options, {
      ...request,
      version: contentVersion(contents, options),
      ...((given ?? crs) && { crs: given ?? crs }),
    });
  },
};

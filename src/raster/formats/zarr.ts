import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { ChunkReader } from './dataset/chunks';
import { describeDataset } from './dataset/describe';
import type { Dataset } from './dataset/model';
import { type DatasetParameters, datasetParameters } from './dataset/parameters';
import { readOptions } from './options';
import { bodyOf, Spool } from './spool';
import type { Encoded, EncodeRequest, OutputFormat } from './types';
import {
  arrayAttributes,
  type Compressor,
  coordinateArray,
  type Documents,
  variableArray,
} from './zarr/metadata';
import { ZipWriter } from './zarr/zip';

const deflateAsync = promisify(deflate);
const parameters = datasetParameters;
const file = { mediaType: 'application/zip', extension: '.zarr.zip' } as const;

async function addChunks(zip: ZipWriter, dataset: Dataset, reader: ChunkReader, compressor: Compressor) {
  for await (const chunks of reader.read()) {
    const packed = await Promise.all(
      chunks.map(async ({ values }) => {
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        return compressor ? await deflateAsync(bytes, { level: compressor.level }) : bytes;
      }),
    );
    for (const [index, { variable, position }] of chunks.entries()) {
      const { name } = dataset.variables[variable];
      await zip.add(`${name}/${position.join('.') || '0'}`, packed[index]);
    }
  }
}

/** Metadata come last, when it is known whether values are missing; a ZIP file's directory is at its end anyway. */
async function addMetadata(zip: ZipWriter, dataset: Dataset, isAnyMissing: boolean, compressor: Compressor) {
  const documents: Documents = new Map<string, object>([
    ['.zgroup', { zarr_format: 2 }],
    ['.zattrs', dataset.attributes],
  ]);
  for (const coordinate of dataset.coordinates) {
    const { array, bytes } = coordinateArray(coordinate);
    await zip.add(`${coordinate.name}/0`, bytes);
    documents.set(`${coordinate.name}/.zarray`, array);
    documents.set(
      `${coordinate.name}/.zattrs`,
      arrayAttributes(coordinate.dimensions, coordinate.attributes),
    );
  }
  const { packing } = dataset;
  const array = variableArray(dataset, isAnyMissing, compressor);
  for (const { name, attributes } of dataset.variables) {
    documents.set(`${name}/.zarray`, array);
    documents.set(
      `${name}/.zattrs`,
      arrayAttributes(
        dataset.dimensions.map((dimension) => dimension.name),
        { ...attributes, ...(packing && { scale_factor: packing.scale, add_offset: packing.offset }) },
        dataset.grid?.crs,
      ),
    );
  }
  for (const [name, document] of documents) await zip.add(name, Buffer.from(JSON.stringify(document)));
  const consolidated = { zarr_consolidated_format: 1, metadata: Object.fromEntries(documents) };
  await zip.add('.zmetadata', Buffer.from(JSON.stringify(consolidated)));
}

/** Zarr version 2 in a ZIP file, which xarray, zarr and GDAL open as it is. */
export const zarr: OutputFormat = {
  name: 'Zarr',
  title: 'Zarr',
  description:
    'A Zarr store (version 2, consolidated) in one ZIP file, following the CF conventions: a variable for each band, ' +
    'coordinates for each dimension, the reference system as "crs". Geometries are kept as well-known text.',
  isStreamed: true,
  holds: 'cubes',
  gisDataTypes: ['raster', 'vector'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<DatasetParameters>('Zarr', parameters, request.options);
    const dataset = describeDataset(data, request, 'Zarr', options);
    const compressor: Compressor =
      options.compression === 'none' ? null : { id: 'zlib', level: options.level };
    const reader = new ChunkReader(dataset, request.signal);
    const spool = new Spool();
    try {
      const zip = new ZipWriter(spool);
      await addChunks(zip, dataset, reader, compressor);
      await addMetadata(zip, dataset, reader.isAnyMissing, compressor);
      await zip.finish();
      return { ...file, body: await bodyOf(spool.read(), [spool]), hasData: reader.hasData };
    } catch (error) {
      await spool.close();
      throw error;
    }
  },
};

import { describeDataset } from './dataset/describe';
import { type DatasetParameters, datasetParameters } from './dataset/parameters';
import { writeNetcdf } from './netcdf/write';
import { readOptions } from './options';
import { bodyOf, Spool } from './spool';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

const parameters = datasetParameters;
const file = { mediaType: 'application/x-netcdf', extension: '.nc' } as const;

/** netCDF-4, written by our own encoder: libraries hold files in memory, or write without giving way to others. */
export const netcdf: OutputFormat = {
  name: 'netCDF',
  title: 'netCDF',
  description:
    'netCDF-4 following the CF conventions: a variable for each band, coordinates for each dimension, times in ' +
    'seconds since 1970, the reference system as "crs". Geometries are kept as well-known text.',
  isStreamed: true,
  holds: 'cubes',
  gisDataTypes: ['raster', 'vector'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    const options = readOptions<DatasetParameters>('netCDF', parameters, request.options);
    const dataset = describeDataset(data, request, 'netCDF', options);
    const level =
      options.compression === 'none' || dataset.dimensions.length === 0 ? undefined : options.level;
    const spool = new Spool();
    try {
      const { head, tail, hasData } = await writeNetcdf(dataset, spool, level, request.signal);
      const bytes = async function* () {
        yield head;
        yield* spool.read();
        yield tail;
      };
      return { ...file, body: await bodyOf(bytes(), [spool]), hasData };
    } catch (error) {
      await spool.close();
      throw error;
    }
  },
};

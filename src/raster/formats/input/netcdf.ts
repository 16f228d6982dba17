import { unsuitable } from '../unsuitable';
import { loadVariables, variableFormat } from './variables/load';

/** netCDF-4 and other HDF5 files with variables, decoded by the HDF5 library in WebAssembly. */
export const netcdfInput = variableFormat({
  name: 'netCDF',
  aliases: ['HDF5'],
  title: 'netCDF',
  description:
    'netCDF-4 (HDF5) of up to 128 MiB following the CF conventions: variables with the same dimensions become bands; ' +
    'times, no-data, packed numbers and the reference system are understood. Files of the classic format can be ' +
    'converted with "nccopy -4".',
  load: async (bytes, file, options, request) => {
    if (Buffer.from(bytes.subarray(0, 3)).toString('latin1') === 'CDF')
      throw unsuitable(`${file.name} is netCDF of the classic format; convert it with "nccopy -4".`);
    return await loadVariables('hdf5', bytes, file, options, request);
  },
});

import { loadVariables, variableFormat } from './variables/load';

/** netCDF-4 and other HDF5 files with variables, decoded by the HDF5 library in WebAssembly; and netCDF's classic format. */
export const netcdfInput = variableFormat({
  name: 'netCDF',
  aliases: ['HDF5'],
  title: 'netCDF',
  description:
    'netCDF-4 (HDF5) and netCDF of the classic format, of up to 128 MiB, following the CF conventions: variables with ' +
    'the same dimensions become bands; times, no-data, packed numbers and the reference system are understood.',
  load: (bytes, file, options, request) => {
    const isClassic = Buffer.from(bytes.subarray(0, 3)).toString('latin1') === 'CDF';
    return loadVariables(isClassic ? 'classic' : 'hdf5', bytes, file, options, request);
  },
});

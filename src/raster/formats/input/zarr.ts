import { loadVariables, variableFormat } from './variables/load';

/** Zarr in a ZIP file, decoded by zarrita. */
export const zarrInput = variableFormat({
  name: 'Zarr',
  title: 'Zarr',
  description:
    'A Zarr group (version 2 or 3) in a ZIP file of up to 128 MiB, read as netCDF is. Arrays in groups inside of it ' +
    'are left out.',
  load: (bytes, file, options, request) => loadVariables('zarr', bytes, file, options, request),
});

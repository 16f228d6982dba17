import { crsParameter, namesParameter } from '../read-all';

/** Options that netCDF and Zarr share. */
export interface VariableOptions {
  readonly variables: readonly string[] | null;
  readonly crs: number | string | null;
}

/** Their schemas, as formats describe them. */
export const variableParameters = {
  variables: {
    ...namesParameter,
    description:
      'Variables to load, which have the same dimensions and become bands. Default: all that have the dimensions of ' +
      'the one with the most of them.',
  },
  crs: crsParameter,
} as const;

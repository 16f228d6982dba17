import { crsParameter } from '../read-all';

/** Options that netCDF and Zarr share. */
export interface VariableOptions {
  readonly variables: readonly string[] | null;
  readonly crs: number | string | null;
}

/** Their schemas, as formats describe them. */
export const variableParameters = {
  variables: {
    type: ['array', 'null'],
    items: { type: 'string' },
    minItems: 1,
    uniqueItems: true,
    default: null,
    description:
      'Variables to load, which have the same dimensions and become bands. Default: all that have the dimensions of ' +
      'the one with the most of them.',
  },
  crs: crsParameter,
} as const;

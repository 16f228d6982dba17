import { OpenEOError } from '../../../base/errors';
import type { FormatParameters } from '../options';
import { type SampleType, sampleKinds } from '../samples';
import type { Packing } from './model';

/** Options that netCDF and Zarr share. */
export interface DatasetParameters {
  readonly compression: 'deflate' | 'none';
  readonly level: number;
  readonly chunk_size: number;
  readonly data_type: SampleType | 'auto';
  readonly scale_factor: number;
  readonly add_offset: number;
}

export const datasetParameters = {
  compression: {
    type: 'string',
    enum: ['deflate', 'none'],
    default: 'deflate',
    description: 'How chunks are compressed.',
  },
  level: {
    type: 'integer',
    minimum: 1,
    maximum: 9,
    default: 4,
    description: 'Deflate from 1 (fast) to 9 (small and slow).',
  },
  chunk_size: {
    type: 'integer',
    minimum: 16,
    maximum: 4096,
    default: 512,
    description: 'Pixels a side of a chunk. A chunk holds one label of every other dimension.',
  },
  data_type: {
    type: 'string',
    enum: ['auto', ...Object.keys(sampleKinds)],
    default: 'auto',
    description:
      'The type of stored values; "auto" is that of the data. Values are rounded and cut off to it.',
  },
  scale_factor: {
    type: 'number',
    not: { const: 0 },
    default: 1,
    description:
      'Values are stored divided by it, after "add_offset" was subtracted: small integers for numbers with few digits. ' +
      'Readers undo both by themselves. Needs a "data_type".',
  },
  add_offset: { type: 'number', default: 0, description: 'See "scale_factor".' },
} as const satisfies FormatParameters;

/** How values are stored as other numbers; undefined where they are stored as they are. @throws OpenEOError */
export function packingOf(options: DatasetParameters): Packing | undefined {
  const packing = { scale: options.scale_factor, offset: options.add_offset };
  if (packing.scale === 1 && packing.offset === 0) return undefined;
  if (options.data_type === 'auto')
    throw new OpenEOError('ProcessParameterInvalid', {
      parameter: 'options',
      process: 'save_result',
      reason: 'scale_factor and add_offset need a data_type for the stored numbers, for example "int16".',
    });
  return packing;
}

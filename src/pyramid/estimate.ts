import { drawnPixels, type PyramidPlan, type TileFormat, tileFormats } from './types';

/** What an operation and a byte cost, in US dollars: the list prices of Amazon S3 Standard (us-east-1), 2025. */
const price = { perPut: 0.005 / 1000, perGet: 0.0004 / 1000, perGibibyteMonth: 0.023 };

/** What a generation will make, before it is made. */
export interface Estimate {
  readonly levels: readonly { readonly zoom: number; readonly tiles: number }[];
  readonly tile_count: number;
  readonly estimated_bytes: number;
  readonly storage_operations: { readonly put: number; readonly get: number; readonly list: number };
  readonly estimated_price: {
    readonly currency: 'USD';
    readonly requests: number;
    readonly storage_per_month: number;
  };
}

const cents = (value: number) => Math.round(value * 1e4) / 1e4;

/**
 * Exact tile counts, and what they take: bytes after what such tiles usually take, operations as the job makes them.
 * @param documents files beside the tiles @param hasArchive whether all tiles are read once more
 */
export function estimate(
  plan: PyramidPlan,
  format: TileFormat,
  { documents, hasArchive }: { readonly documents: number; readonly hasArchive: boolean },
): Estimate {
  const { bytesPerPixel } = tileFormats[format];
  const bytes = Math.round(drawnPixels(plan) * bytesPerPixel * (hasArchive ? 2 : 1));
  const put = plan.total + documents + (hasArchive ? 1 : 0);
  const get = hasArchive ? plan.total : 0;
  const list = Math.ceil(plan.total / 1000) + 1;
  return {
    levels: plan.levels.map(({ z, count }) => ({ zoom: z, tiles: count })),
    tile_count: plan.total,
    estimated_bytes: bytes,
    storage_operations: { put, get, list },
    estimated_price: {
      currency: 'USD',
      requests: cents((put + list) * price.perPut + get * price.perGet),
      storage_per_month: cents((bytes / 1024 ** 3) * price.perGibibyteMonth),
    },
  };
}

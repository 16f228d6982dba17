import { covjson } from './covjson';
import { csv } from './csv';
import { geojson } from './geojson';
import { gtiff } from './gtiff';
import { jpeg } from './jpeg';
import { json } from './json';
import { netcdf } from './netcdf';
import { parquet } from './parquet';
import { png } from './png';
import type { OutputFormat } from './types';
import { webp } from './webp';
import { zarr } from './zarr';

/** Everything that `save_result` can write, in the order of `GET /file_formats`. */
export const outputFormats: readonly OutputFormat[] = Object.freeze([
  gtiff,
  netcdf,
  zarr,
  png,
  jpeg,
  webp,
  json,
  geojson,
  csv,
  parquet,
  covjson,
]);

const byName = new Map(
  outputFormats.flatMap((format) =>
    [format.name, ...(format.aliases ?? [])].map((name) => [name.toLowerCase(), format] as const),
  ),
);

/** A format by its name or an alias of it, in whatever case. */
export function findFormat(name: string): OutputFormat | undefined {
  return byName.get(name.toLowerCase());
}

import { byName } from './by-name';
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

/** A format by its name or an alias of it, in whatever case. */
export const findFormat = byName(outputFormats);

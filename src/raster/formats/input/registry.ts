import { byName } from '../by-name';
import { covjsonInput } from './covjson';
import { csvInput } from './csv';
import { geojsonInput } from './geojson';
import { gtiffInput } from './gtiff';
import { jsonInput } from './json';
import { netcdfInput } from './netcdf';
import { parquetInput } from './parquet';
import { jpegInput, pngInput, webpInput } from './pictures';
import type { InputFormat } from './types';
import { zarrInput } from './zarr';

/** Everything that `load_uploaded_files` and `load_url` can read, in the order of `GET /file_formats`. */
export const inputFormats: readonly InputFormat[] = Object.freeze([
  gtiffInput,
  netcdfInput,
  zarrInput,
  pngInput,
  jpegInput,
  webpInput,
  geojsonInput,
  jsonInput,
  csvInput,
  parquetInput,
  covjsonInput,
]);

/** A format by its name or an alias of it, in whatever case. */
export const findInputFormat = byName(inputFormats);

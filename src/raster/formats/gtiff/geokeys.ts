import { projParameters } from '../../../geo/proj-string';
import type { Crs, Grid } from '../../../geo/types';

/** GeoTIFF's key directory and its parameters (OGC 19-008r4, 7.1.2). */
export interface GeoKeys {
  /** Tag 34735. */
  readonly directory: Uint16Array;
  /** Tag 34736. */
  readonly doubles: readonly number[];
  /** Tag 34737, without the final NUL. */
  readonly ascii: string;
}

const key = {
  modelType: 1024,
  rasterType: 1025,
  geographic: 2048,
  angularUnits: 2054,
  ellipsoid: 2056,
  semiMajor: 2057,
  inverseFlattening: 2059,
  projected: 3072,
  citation: 3073,
  projection: 3074,
  method: 3075,
  linearUnits: 3076,
} as const;
const userDefined = 32767;

/** Coordinate transformation codes, and which parameter of a proj string goes into which key. */
const methods: Readonly<
  Record<string, { readonly code: number; readonly keys: Readonly<Record<string, number>> }>
> = {
  tmerc: { code: 1, keys: { lat_0: 3081, lon_0: 3080, k: 3092, x_0: 3082, y_0: 3083 } },
  lcc: { code: 8, keys: { lat_0: 3085, lon_0: 3084, lat_1: 3078, lat_2: 3079, x_0: 3086, y_0: 3087 } },
  laea: { code: 10, keys: { lat_0: 3089, lon_0: 3088, x_0: 3082, y_0: 3083 } },
  aea: { code: 11, keys: { lat_0: 3081, lon_0: 3080, lat_1: 3078, lat_2: 3079, x_0: 3082, y_0: 3083 } },
  aeqd: { code: 12, keys: { lat_0: 3089, lon_0: 3088, x_0: 3082, y_0: 3083 } },
  sinu: { code: 24, keys: { lon_0: 3088, x_0: 3082, y_0: 3083 } },
};

const ellipsoids: Readonly<Record<string, number>> = {
  WGS84: 7030,
  GRS80: 7019,
  bessel: 7004,
  intl: 7022,
  clrk66: 7008,
  airy: 7001,
  krass: 7024,
};

type Entry = readonly [id: number, value: number | string, isDouble?: boolean];

/** The ellipsoid of a proj string; undefined where it moves the datum, which keys could not tell alone. */
function datumEntries(parameters: ReadonlyMap<string, string>): Entry[] | undefined {
  const shift = parameters.get('towgs84');
  if ((shift && /[1-9]/.test(shift)) || parameters.has('nadgrids') || parameters.has('pm')) return undefined;
  if (parameters.get('datum') === 'WGS84') return [[key.geographic, 4326]];
  const ellipsoid = ellipsoids[parameters.get('ellps') ?? ''];
  if (ellipsoid !== undefined)
    return [
      [key.geographic, userDefined],
      [key.angularUnits, 9102],
      [key.ellipsoid, ellipsoid],
    ];
  const a = Number(parameters.get('a') ?? Number.NaN);
  const b = Number(parameters.get('b') ?? a);
  const flattening = Number(parameters.get('rf') ?? (a === b ? 0 : a / (a - b)));
  if (!Number.isFinite(a) || !Number.isFinite(flattening)) return undefined;
  return [
    [key.geographic, userDefined],
    [key.angularUnits, 9102],
    [key.ellipsoid, userDefined],
    [key.semiMajor, a, true],
    [key.inverseFlattening, flattening, true],
  ];
}

/** Keys that spell out a proj string; undefined where GeoTIFF has none for it. */
function projEntries(definition: string): Entry[] | undefined {
  const parameters = projParameters(definition);
  const datum = parameters.size > 0 && datumEntries(parameters);
  if (!datum) return undefined;
  const name = parameters.get('proj') ?? '';
  if (name === 'longlat') return [[key.modelType, 2], ...datum];
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method || !['m', undefined].includes(parameters.get('units')) || parameters.has('to_meter'))
    return undefined;
  const values = Object.entries(method.keys).map(
    ([parameter, id]): Entry => [id, Number(parameters.get(parameter) ?? (parameter === 'k' ? 1 : 0)), true],
  );
  if (values.some(([, value]) => Number.isNaN(value))) return undefined;
  return [
    [key.modelType, 1],
    ...datum,
    [key.projected, userDefined],
    [key.projection, userDefined],
    [key.method, method.code],
    [key.linearUnits, 9001],
    ...values,
  ];
}

function crsEntries(crs: Crs): Entry[] {
  const own = crs.isGeographic ? key.geographic : key.projected;
  if (crs.epsg !== undefined && crs.epsg < userDefined)
    return [
      [key.modelType, crs.isGeographic ? 2 : 1],
      [own, crs.epsg],
    ];
  const spelt = projEntries(crs.definition);
  if (spelt) return spelt;
  const definition = crs.definition.replace(/[^ -~]/g, '?').replaceAll('|', ' ');
  const isWkt = /^\s*(PROJ|GEOG)/i.test(definition);
  return [
    // GDAL looks for this text where the model is user-defined, and takes it before any other key.
    [key.modelType, isWkt ? userDefined : crs.isGeographic ? 2 : 1],
    [own, userDefined],
    [key.citation, isWkt ? `ESRI PE String = ${definition}` : definition],
  ];
}

/**
 * Keys for a reference system: its EPSG code where it has one; a projection spelt out where GeoTIFF knows
 * it; otherwise its definition as text, which GDAL and what is built upon it read for WKT.
 */
export function geoKeys(crs: Crs): GeoKeys {
  const entries: Entry[] = [[key.rasterType, 1], ...crsEntries(crs)];
  const doubles: number[] = [];
  let ascii = '';
  const directory = entries
    .sort((one, other) => one[0] - other[0])
    .flatMap(([id, value, isDouble]) => {
      if (typeof value === 'string') {
        ascii += `${value}|`;
        return [id, 34737, value.length + 1, ascii.length - value.length - 1];
      }
      if (!isDouble) return [id, 0, 1, value];
      doubles.push(value);
      return [id, 34736, 1, doubles.length - 1];
    });
  return { directory: Uint16Array.from([1, 1, 0, entries.length, ...directory]), doubles, ascii };
}

/** Tags 33550 and 33922 of a north-up grid. */
export function gridTags(grid: Grid): { scale: number[]; tiepoint: number[] } {
  return { scale: [grid.resX, grid.resY, 0], tiepoint: [0, 0, 0, grid.originX, grid.originY, 0] };
}

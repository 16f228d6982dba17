import { CrsError, parseCrs } from '../../geo/crs';
import type { Crs } from '../../geo/types';
import { type Entry, type TiffHeader, tag } from './ifd';

/** GeoTIFF keys by number: single values, lists or texts (OGC 19-008r4, clause 7). */
export type GeoKeys = ReadonlyMap<number, number | readonly number[] | string>;

const userDefined = 32767;

const key = {
  modelType: 1024,
  rasterType: 1025,
  citation: 1026,
  geodeticCrs: 2048,
  geodeticCitation: 2049,
  datum: 2050,
  angularUnits: 2054,
  ellipsoid: 2056,
  semiMajor: 2057,
  semiMinor: 2058,
  inverseFlattening: 2059,
  primeMeridian: 2061,
  toWgs84: 2062,
  projectedCrs: 3072,
  projectedCitation: 3073,
  projection: 3074,
  method: 3075,
  linearUnits: 3076,
  linearUnitSize: 3077,
  parallel1: 3078,
  parallel2: 3079,
  originLong: 3080,
  originLat: 3081,
  falseEasting: 3082,
  falseNorthing: 3083,
  falseOriginLong: 3084,
  falseOriginLat: 3085,
  falseOriginEasting: 3086,
  falseOriginNorthing: 3087,
  centerLong: 3088,
  centerLat: 3089,
  centerEasting: 3090,
  centerNorthing: 3091,
  scaleAtOrigin: 3092,
  scaleAtCenter: 3093,
  azimuth: 3094,
  poleLong: 3095,
  rectifiedAngle: 3096,
} as const;

/** Reads the key directory of an image; empty where it has none. */
export async function readGeoKeys(
  header: TiffHeader,
  directory: ReadonlyMap<number, Entry>,
): Promise<GeoKeys> {
  const keys = new Map<number, number | readonly number[] | string>();
  const entry = directory.get(tag.geoKeys);
  if (!entry) return keys;
  const list = await header.numbers(entry);
  const doublesEntry = directory.get(tag.geoDoubles);
  const asciiEntry = directory.get(tag.geoAscii);
  const doubles = doublesEntry ? await header.numbers(doublesEntry) : new Float64Array(0);
  const text = asciiEntry ? await header.text(asciiEntry) : '';
  for (let i = 4; i + 3 < list.length && i < 4 + list[3] * 4; i += 4) {
    const [id, location, count, value] = list.subarray(i, i + 4);
    if (location === 0) keys.set(id, value);
    else if (location === tag.geoDoubles && value < doubles.length)
      keys.set(id, count === 1 ? doubles[value] : [...doubles.subarray(value, value + count)]);
    else if (location === tag.geoAscii) keys.set(id, text.slice(value, value + count).replace(/\|\s*$/, ''));
  }
  return keys;
}

/** True where coordinates of the tie point mean the middle of a pixel. */
export function isPixelPoint(keys: GeoKeys): boolean {
  return keys.get(key.rasterType) === 2;
}

/**
 * The reference system that the keys describe: by code, by WKT in a citation (ESRI), or by parameters.
 * @throws CrsError where there is none or it can't be used.
 */
export function crsOfKeys(keys: GeoKeys): Crs {
  const model = keys.get(key.modelType);
  const projected = keys.get(key.projectedCrs);
  const geodetic = keys.get(key.geodeticCrs);
  if (model !== 2 && typeof projected === 'number' && projected !== userDefined && projected > 0)
    return parseCrs(projected);
  if (model === 3) throw new CrsError('geocentric coordinates have no map plane');
  for (const citation of [keys.get(key.citation), keys.get(key.projectedCitation)])
    if (typeof citation === 'string' && citation.startsWith('ESRI PE String = '))
      return parseCrs(citation.slice('ESRI PE String = '.length));
  if (model === 1 || typeof keys.get(key.method) === 'number') return parseCrs(projectedDefinition(keys));
  if (typeof geodetic === 'number' && geodetic !== userDefined && geodetic > 0) return parseCrs(geodetic);
  if (model === 2) return parseCrs(`+proj=longlat ${datum(keys)} +no_defs`);
  throw new CrsError('it names no reference system');
}

function number(keys: GeoKeys, ...ids: number[]): number | undefined {
  for (const id of ids) {
    const value = keys.get(id);
    if (typeof value === 'number') return value;
  }
  return undefined;
}

/** Ellipsoid and shift to WGS 84 of a projection's base. */
function datum(keys: GeoKeys): string {
  const base = number(keys, key.geodeticCrs);
  if (base !== undefined && base !== userDefined && base > 0) {
    const { definition } = parseCrs(base);
    return definition.replace(/\+proj=\S+|\+no_defs|\+type=crs/g, '').trim();
  }
  const semiMajor = number(keys, key.semiMajor);
  const flattening = number(keys, key.inverseFlattening);
  const semiMinor = number(keys, key.semiMinor);
  const shift = keys.get(key.toWgs84);
  const meridian = number(keys, key.primeMeridian);
  const parts: string[] = [];
  if (semiMajor !== undefined) {
    parts.push(`+a=${semiMajor}`);
    if (flattening !== undefined && flattening > 0) parts.push(`+rf=${flattening}`);
    else parts.push(`+b=${semiMinor ?? semiMajor}`);
  } else {
    const ellipsoids: Record<number, string> = {
      7030: 'WGS84',
      7019: 'GRS80',
      7004: 'bessel',
      7022: 'intl',
      7008: 'clrk66',
      7001: 'airy',
      7024: 'krass',
    };
    const known = ellipsoids[number(keys, key.ellipsoid) ?? 0];
    if (known) parts.push(`+ellps=${known}`);
    else parts.push('+datum=WGS84');
  }
  if (Array.isArray(shift)) parts.push(`+towgs84=${shift.join(',')}`);
  if (meridian) parts.push(`+pm=${meridian}`);
  return parts.join(' ');
}

function units(keys: GeoKeys): string {
  const unit = number(keys, key.linearUnits);
  if (unit === 9002) return '+units=ft';
  if (unit === 9003) return '+units=us-ft';
  const size = number(keys, key.linearUnitSize);
  if (unit === userDefined && size !== undefined) return `+to_meter=${size}`;
  return '+units=m';
}

/** A proj string of a projection given by its parameters (coordinate transformation codes of GeoTIFF). */
function projectedDefinition(keys: GeoKeys): string {
  const lat0 = number(keys, key.originLat, key.falseOriginLat, key.centerLat) ?? 0;
  const lon0 = number(keys, key.originLong, key.falseOriginLong, key.centerLong, key.poleLong) ?? 0;
  const lat1 = number(keys, key.parallel1);
  const lat2 = number(keys, key.parallel2);
  const scale = number(keys, key.scaleAtOrigin, key.scaleAtCenter) ?? 1;
  const x0 = number(keys, key.falseEasting, key.falseOriginEasting, key.centerEasting) ?? 0;
  const y0 = number(keys, key.falseNorthing, key.falseOriginNorthing, key.centerNorthing) ?? 0;
  const place = `+lat_0=${lat0} +lon_0=${lon0}`;
  const tail = `+x_0=${x0} +y_0=${y0} ${datum(keys)} ${units(keys)} +no_defs`;
  const angle = number(keys, key.azimuth) ?? 0;
  switch (number(keys, key.method)) {
    case 1:
      return `+proj=tmerc ${place} +k=${scale} ${tail}`;
    case 3:
      return `+proj=omerc +lat_0=${lat0} +lonc=${lon0} +alpha=${angle} +gamma=${number(keys, key.rectifiedAngle) ?? angle} +k=${scale} ${tail}`;
    case 7:
      return lat1 === undefined
        ? `+proj=merc +lon_0=${lon0} +k=${scale} ${tail}`
        : `+proj=merc +lon_0=${lon0} +lat_ts=${lat1} ${tail}`;
    case 8:
      return `+proj=lcc ${place} +lat_1=${lat1 ?? 0} +lat_2=${lat2 ?? lat1 ?? 0} ${tail}`;
    case 9:
      return `+proj=lcc +lat_0=${lat0} +lon_0=${lon0} +lat_1=${lat0} +k=${scale} ${tail}`;
    case 10:
      return `+proj=laea ${place} ${tail}`;
    case 11:
      return `+proj=aea ${place} +lat_1=${lat1 ?? 0} +lat_2=${lat2 ?? 0} ${tail}`;
    case 12:
      return `+proj=aeqd ${place} ${tail}`;
    case 13:
      return `+proj=eqdc ${place} +lat_1=${lat1 ?? 0} +lat_2=${lat2 ?? 0} ${tail}`;
    case 14:
      return `+proj=stere ${place} +k=${scale} ${tail}`;
    case 15:
      // The origin's latitude is the one of true scale, and tells the pole by its sign.
      return `+proj=stere +lat_0=${lat0 < 0 ? -90 : 90} +lat_ts=${lat0} +lon_0=${lon0} +k=${scale} ${tail}`;
    case 16:
      return `+proj=sterea ${place} +k=${scale} ${tail}`;
    case 17:
      return `+proj=eqc +lat_ts=${lat1 ?? 0} ${place} ${tail}`;
    case 18:
      return `+proj=cass ${place} ${tail}`;
    case 20:
      return `+proj=mill ${place} ${tail}`;
    case 22:
      return `+proj=poly ${place} ${tail}`;
    case 23:
      return `+proj=robin +lon_0=${lon0} ${tail}`;
    case 24:
      return `+proj=sinu +lon_0=${lon0} ${tail}`;
    case 28:
      return `+proj=cea +lon_0=${lon0} +lat_ts=${lat1 ?? 0} ${tail}`;
    default:
      throw new CrsError('its projection is not known here');
  }
}

import { createHash } from 'node:crypto';
import { CrsError, epsgDefinition, isGeographicDefinition } from './crs-definition';
import type { Crs } from './types';

export { sameCrs, type Transformer, transformBounds, transformer } from './transform';
export { CrsError };

const known = new Map<string, Crs>();

function remember(key: string, make: () => Crs): Crs {
  let crs = known.get(key);
  if (!crs) {
    crs = make();
    if (known.size >= 1000) known.clear();
    known.set(key, crs);
  }
  return crs;
}

/**
 * The reference system with this EPSG code.
 * @throws CrsError for an unknown one.
 */
export function crsFromEpsg(code: number): Crs {
  return remember(String(code), () => {
    const { definition } = epsgDefinition(code);
    return Object.freeze({
      id: `EPSG:${code}`,
      epsg: code,
      definition,
      isGeographic: isGeographicDefinition(definition),
    });
  });
}

/** A system given by its definition: a proj string, WKT or PROJJSON text. */
function crsFromDefinition(definition: string): Crs {
  return remember(definition, () => {
    const digest = createHash('sha256').update(definition).digest('hex').slice(0, 16);
    return Object.freeze({
      id: `${definition.startsWith('+') ? 'PROJ' : 'WKT'}:${digest}`,
      definition,
      isGeographic: isGeographicDefinition(definition),
    });
  });
}

/**
 * The code at the end of a WKT's outermost element, `AUTHORITY["EPSG","32633"]` or `ID["EPSG",32633]`.
 * Codes of inner elements (the ellipsoid's, the unit's) don't count.
 */
function epsgOfWkt(wkt: string): number | undefined {
  const match = /(?:AUTHORITY|ID)\s*\[\s*"EPSG"\s*,\s*"?(\d+)"?\s*\]\s*\]\s*$/i.exec(wkt);
  return match ? Number(match[1]) : undefined;
}

/** A reference system from WKT (1 or 2). One that names an EPSG code equals that of the code. @throws CrsError */
export function crsFromWkt(wkt: string): Crs {
  const text = wkt.trim();
  if (text.length > 100_000) throw new CrsError('The reference system is described at too great length');
  const code = epsgOfWkt(text);
  if (code !== undefined) return crsFromEpsg(code);
  return crsFromDefinition(text);
}

function crsFromProjJson(input: object): Crs {
  const id = (input as { id?: { authority?: unknown; code?: unknown } }).id;
  if (id && String(id.authority).toUpperCase() === 'EPSG') return crsFromEpsg(Number(id.code));
  return crsFromDefinition(JSON.stringify(input));
}

const wktStart =
  /^(PROJCS|GEOGCS|COMPD_CS|PROJCRS|PROJECTEDCRS|GEOGCRS|GEODCRS|GEODETICCRS|GEOGRAPHICCRS|COMPOUNDCRS|BOUNDCRS)\s*\[/i;

/**
 * A reference system from what people and files write: an EPSG code (`32633`, `"EPSG:32633"`,
 * `urn:ogc:def:crs:EPSG::32633`, an opengis.net address), `CRS84`, WKT, a proj string or PROJJSON.
 * @throws CrsError where it is not understood or cannot be used.
 */
export function parseCrs(input: number | string | object): Crs {
  if (typeof input === 'number') return crsFromEpsg(input);
  if (typeof input === 'object' && input !== null) return crsFromProjJson(input);
  if (typeof input !== 'string') throw new CrsError('A reference system is a code, WKT or PROJJSON');
  const text = input.trim();
  if (/^\d{1,7}$/.test(text)) return crsFromEpsg(Number(text));
  const code =
    /^(?:EPSG:{1,2}|urn:ogc:def:crs:EPSG:[^:]*:|https?:\/\/www\.opengis\.net\/def\/crs\/EPSG\/[^/]+\/)(\d{1,7})$/i.exec(
      text,
    );
  if (code) return crsFromEpsg(Number(code[1]));
  if (
    /^(?:OGC:|urn:ogc:def:crs:OGC:[^:]*:|https?:\/\/www\.opengis\.net\/def\/crs\/OGC\/[^/]+\/)CRS84$/i.test(
      text,
    )
  )
    return wgs84;
  if (wktStart.test(text)) return crsFromWkt(text);
  if (text.startsWith('{')) return parseProjJsonText(text);
  if (text.startsWith('+') && text.length < 2000) return crsFromDefinition(text);
  throw new CrsError(`"${text.slice(0, 60)}" is not a reference system that is known here`);
}

function parseProjJsonText(text: string): Crs {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CrsError('The reference system is not valid JSON', { cause });
  }
  return crsFromProjJson(value as object);
}

/** A system as WKT for files that describe it; undefined where only a proj string or PROJJSON is known. */
export function wktOf(crs: Crs): string | undefined {
  if (crs.epsg !== undefined) return epsgDefinition(crs.epsg).wkt;
  return wktStart.test(crs.definition) ? crs.definition : undefined;
}

/** Longitude and latitude in degrees. */
export const wgs84: Crs = crsFromEpsg(4326);
/** The plane of web maps, metres at the equator. */
export const webMercator: Crs = crsFromEpsg(3857);

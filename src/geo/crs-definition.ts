import { readFileSync } from 'node:fs';
import proj4 from 'proj4';
import datumShifts from './datum-shifts.json';

/** A reference system that is unknown, or that cannot be transformed without data that is not here. */
export class CrsError extends Error {
  override readonly name = 'CrsError';
}

interface IndexEntry {
  readonly name: string;
  readonly kind: string;
  readonly proj4?: string | null;
  readonly wkt?: string | null;
}

/**
 * Shifts to WGS 84 by the code of the geographic system that a projection is based on: metres, seconds
 * of arc (position vector), parts per million. From the EPSG dataset, v10.076: of the operations that
 * hold for most of a datum's area, the most accurate. The index's own shifts mix conventions and units
 * of rotations, and some name grid files, which are not shipped.
 */
const shifts: Readonly<Record<string, string>> = datumShifts;

/** The geographic system at the base of a definition in WKT 1. */
function baseCode(code: number, wkt: string): string {
  const inner = /GEOGCS\[.*?AUTHORITY\["EPSG","(\d+)"\]\],PROJECTION/.exec(wkt);
  return inner ? inner[1] : String(code);
}

/** A definition with the right shift to WGS 84. */
function withShift(code: number, definition: string, wkt: string): string {
  // A shift without rotation is right in the index.
  if (/\+towgs84=[^,]*,[^,]*,[^,]*(?:,0,0,0,0)?(?:\s|$)/.test(definition)) return definition;
  const base = baseCode(code, wkt);
  const plain = definition.replace(/\s\+(?:towgs84|nadgrids)=.*?(?=\s\+|$)/g, '');
  if (Object.hasOwn(shifts, base) && !/\+datum=/.test(definition))
    return plain.replace(/ \+no_defs| \+type=crs/, (tail) => ` +towgs84=${shifts[base]}${tail}`);
  const grid = /\s\+nadgrids=([^@]\S*)/.exec(definition);
  if (grid) throw new CrsError(`EPSG:${code} needs the grid-shift file ${grid[1]}, which is not available`);
  return definition;
}

/** Projected, geographic and compound systems can place pixels; engineering and geocentric ones cannot. */
function checkKind(code: number, entry: IndexEntry): string {
  const definition = entry.proj4?.trim();
  if (!definition) throw new CrsError(`EPSG:${code} (${entry.name}) has no definition that can be used here`);
  if (/\+proj=geocent\b/.test(definition))
    throw new CrsError(`EPSG:${code} (${entry.name}) is geocentric and has no map plane`);
  if (/\+axis=(?!enu)/.test(definition))
    throw new CrsError(
      `EPSG:${code} (${entry.name}) counts its axes to the south or west; that is not supported`,
    );
  return definition;
}

interface Definition {
  readonly definition: string;
  readonly name: string;
  /** WKT 1. */
  readonly wkt?: string;
}

const definitions = new Map<number, Definition>();

/**
 * The definition of an EPSG (or, from 100000 on, ESRI) code from the index that is installed with the
 * program; no network.
 * @throws CrsError for a code that is unknown or cannot be used.
 */
export function epsgDefinition(code: number): Definition {
  const known = definitions.get(code);
  if (known) return known;
  if (!Number.isInteger(code) || code < 1 || code > 9_999_999)
    throw new CrsError(`${code} is not an EPSG code`);
  let entry: IndexEntry;
  try {
    entry = JSON.parse(readFileSync(require.resolve(`epsg-index/s/${code}.json`), 'utf8')) as IndexEntry;
  } catch (cause) {
    throw new CrsError(`EPSG:${code} is not known here`, { cause });
  }
  const found: Definition = {
    definition: withShift(code, checkKind(code, entry), entry.wkt ?? ''),
    name: entry.name,
    ...(entry.wkt && { wkt: entry.wkt }),
  };
  definitions.set(code, found);
  return found;
}

/** A definition as proj4 keeps it, ready for its converters. */
export interface Projection {
  readonly projName?: string;
}

/**
 * A proj string, WKT or PROJJSON text made ready.
 * @throws CrsError where proj4 does not understand it.
 */
export function parseDefinition(definition: string): Projection {
  const create = proj4.Proj as unknown as new (input: unknown) => Projection;
  try {
    return new create(definition.startsWith('{') ? JSON.parse(definition) : definition);
  } catch (cause) {
    throw new CrsError('The reference system is described in a way that is not understood', { cause });
  }
}

/** True for longitude and latitude. @throws CrsError */
export function isGeographicDefinition(definition: string): boolean {
  return parseDefinition(definition).projName === 'longlat';
}

import { readFileSync } from 'node:fs';
import proj4 from 'proj4';

/** A reference system that is unknown, or that cannot be transformed without data that is not here. */
export class CrsError extends Error {
  override readonly name = 'CrsError';
}

interface IndexEntry {
  readonly name: string;
  readonly kind: string;
  readonly proj4?: string | null;
}

/**
 * Seven-parameter shifts for datums whose definitions name a grid-shift file. Grid files are not
 * shipped; these are the shifts that PROJ falls back to without them (EPSG operations 1314, 1777,
 * 1173, 1564, 15980), good to some metres.
 */
const shiftsInsteadOfGrids: Readonly<Record<string, string>> = {
  'OSTN15_NTv2_OSGBtoETRS.gsb': '446.448,-125.157,542.06,0.15,0.247,0.842,-20.489',
  'BETA2007.gsb': '598.1,73.7,418.2,0.202,0.045,-2.455,6.7',
  'NTv2_0.gsb': '-8,160,176,0,0,0,0',
  'nzgd2kgrid0005.gsb': '59.47,-5.04,187.44,0.47,-0.1,1.024,-4.5993',
  '"National': '-117.808,-51.536,137.784,0.303,0.446,0.234,-0.29',
};

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

function withoutGrids(code: number, definition: string): string {
  const grid = /\s\+nadgrids=(\S+)/.exec(definition);
  if (!grid || grid[1].startsWith('@')) return definition;
  if (!Object.hasOwn(shiftsInsteadOfGrids, grid[1]))
    throw new CrsError(`EPSG:${code} needs the grid-shift file ${grid[1]}, which is not available`);
  return definition.replace(/\s\+nadgrids=.*?(?=\s\+|$)/, ` +towgs84=${shiftsInsteadOfGrids[grid[1]]}`);
}

const definitions = new Map<number, { definition: string; name: string }>();

/**
 * The definition of an EPSG (or, from 100000 on, ESRI) code from the index that is installed with the
 * program; no network.
 * @throws CrsError for a code that is unknown or cannot be used.
 */
export function epsgDefinition(code: number): { readonly definition: string; readonly name: string } {
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
  const found = { definition: withoutGrids(code, checkKind(code, entry)), name: entry.name };
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

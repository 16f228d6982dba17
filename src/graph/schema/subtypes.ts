import type { KeywordDefinition } from '../../base/schema';
import { type Cube, isCube } from '../../raster/cube';
import { isCallback, OpaqueHandle } from '../types';
import { CallbackPlaceholder, isRuntimeObject, type Projections, unknownValue } from './values';

interface WantedDimension {
  readonly type?: string;
  readonly axis?: readonly string[];
}

function hasDimension(cube: Cube, wanted: WantedDimension): boolean {
  const axes = wanted.axis ?? [undefined];
  return axes.every((axis) =>
    cube.dimensions.some(
      (dimension) =>
        dimension.type === wanted.type &&
        (axis === undefined || (dimension.type === 'spatial' && dimension.axis === axis)),
    ),
  );
}

const rasterDimensions: readonly WantedDimension[] = [{ type: 'spatial', axis: ['x', 'y'] }];
const vectorDimensions: readonly WantedDimension[] = [{ type: 'geometry' }];

function isCubeWith(value: unknown, dimensions: readonly WantedDimension[]): boolean {
  return isCube(value) && dimensions.every((dimension) => hasDimension(value, dimension));
}

const geojsonTypes = new Set([
  'Point',
  'MultiPoint',
  'LineString',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
  'Feature',
  'FeatureCollection',
]);

/** Subtypes whose values are handles that the server injects; nothing that a client writes can be one. */
const handleSubtypes = new Set(['tile-store']);

/** True when the value (a labeled array as its projection) is of the subtype. Base types are checked beside it. */
function isOfSubtype(
  subtype: string,
  value: unknown,
  schema: { readonly dimensions?: unknown },
  projections: Projections | undefined,
): boolean {
  switch (subtype) {
    case 'datacube':
      return isCubeWith(
        value,
        Array.isArray(schema.dimensions) ? (schema.dimensions as WantedDimension[]) : [],
      );
    case 'raster-cube':
      return isCubeWith(value, rasterDimensions);
    case 'vector-cube':
      return isCubeWith(value, vectorDimensions);
    case 'process-graph':
      return isCallback(value) || value instanceof CallbackPlaceholder;
    case 'labeled-array':
      return Array.isArray(value) && projections?.has(value) === true;
    case 'geojson':
      return (
        typeof value === 'object' &&
        value !== null &&
        Object.hasOwn(value, 'type') &&
        geojsonTypes.has((value as { type: string }).type)
      );
    case 'bounding-box':
      return !isRuntimeObject(value) && isBox(value);
    case 'temporal-interval':
      return isInterval(value);
    case 'temporal-intervals':
      return !Array.isArray(value) || value.every(isInterval);
    default:
      if (handleSubtypes.has(subtype)) return value instanceof OpaqueHandle && value.subtype === subtype;
      return !isRuntimeObject(value) || (value instanceof OpaqueHandle && value.subtype === subtype);
  }
}

/** Values of other types are the `type` keyword's business (a schema may allow null beside the box). */
function isBox(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  return ['west', 'south', 'east', 'north'].every((side) => {
    if (!Object.hasOwn(value, side)) return false;
    const edge = (value as Record<string, unknown>)[side];
    return typeof edge === 'number' || edge === unknownValue;
  });
}

function isInterval(value: unknown): boolean {
  if (!Array.isArray(value)) return true;
  return value.length === 2 && !(value[0] === null && value[1] === null);
}

const expected: Readonly<Record<string, string>> = {
  datacube: 'a data cube',
  'raster-cube': 'a raster data cube',
  'vector-cube': 'a vector data cube',
  'process-graph': 'a process graph',
  'labeled-array': 'an array with labels',
  geojson: 'GeoJSON',
  'bounding-box': 'a bounding box with the numbers west, south, east and north',
  'temporal-interval': 'a temporal interval: two instants, of which one may be null',
  'temporal-intervals': 'an array of temporal intervals',
  'tile-store': 'the tile store, which only {"from_parameter": "_openeo_tile_store"} gives',
};

/** What a value of the subtype is called in messages. @param schema that may name dimensions of data cubes. */
export function nameSubtype(subtype: string, schema?: { readonly dimensions?: unknown }): string {
  const name = Object.hasOwn(expected, subtype) ? expected[subtype] : subtype;
  if (subtype !== 'datacube' || !Array.isArray(schema?.dimensions)) return name;
  const wanted = (schema.dimensions as readonly WantedDimension[]).map(({ type, axis }) =>
    axis ? `the axes ${axis.join(' and ')}` : `a dimension of type "${type}"`,
  );
  return wanted.length > 0 ? `${name} with ${wanted.join(' and ')}` : name;
}

/** The keywords beside draft-07 that parameter schemas are compiled with (see `prepare.ts`). */
export const valueKeywords: readonly KeywordDefinition[] = [
  {
    keyword: 'subtype',
    schemaType: 'string',
    validate(this: Projections, subtype: string, value: unknown, parent?: object) {
      return value === unknownValue || isOfSubtype(subtype, value, parent ?? {}, this);
    },
    errors: false,
  },
  { keyword: 'dimensions' },
  {
    keyword: 'plainObject',
    validate: (_: unknown, value: unknown) => !isRuntimeObject(value),
    errors: false,
  },
  {
    keyword: 'finite',
    validate: (_: unknown, value: unknown) => typeof value !== 'number' || Number.isFinite(value),
    errors: false,
  },
  { keyword: 'isUnknown', validate: (_: unknown, value: unknown) => value === unknownValue, errors: false },
];

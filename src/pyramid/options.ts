import { OpenEOError } from '../base/errors';
import type { JsonSchema } from '../base/json';
import type { Resampling } from '../raster/source';
import type { Geometry } from '../raster/vector/geometry';
import { tileArea } from './area';
import { type ArchiveId, type LayoutId, type TileFormat, tileFormats } from './types';

/** What a person may choose of a pyramid; spelled as in process graphs and addresses. */
export interface PyramidOptions {
  readonly tile_size: 256 | 512;
  readonly layout: LayoutId;
  readonly minzoom?: number | null;
  readonly maxzoom?: number | null;
  readonly resampling?: Resampling | null;
  readonly format: TileFormat;
  readonly quality?: number | null;
  readonly archive: ArchiveId;
  readonly area?: unknown;
  readonly write_empty: boolean;
  readonly overwrite: boolean;
}

const resamplings: readonly Resampling[] = [
  ...(['near', 'bilinear', 'cubic', 'cubicspline', 'lanczos', 'average', 'mode'] as const),
  ...(['max', 'min', 'med', 'q1', 'q3', 'sum', 'rms', 'geometric'] as const),
];

const zoom = (description: string) => ({
  type: ['integer', 'null'],
  minimum: 0,
  maximum: 24,
  default: null,
  description,
});

/** JSON Schemas of the options, with their defaults. */
export const optionSchemas = {
  tile_size: { enum: [256, 512], default: 256, description: 'Pixels a side of a tile.' },
  layout: {
    enum: ['xyz', 'dzi', 'zoomify', 'iiif3'],
    default: 'xyz',
    description: 'How the tiles are addressed; all but xyz are for plain images.',
  },
  minzoom: zoom('The smallest zoom; from the resolution where absent.'),
  maxzoom: zoom('The largest zoom; from the resolution where absent.'),
  resampling: {
    enum: [...resamplings, null],
    default: null,
    description: 'How pixels are taken; average where absent.',
  },
  format: { enum: Object.keys(tileFormats), default: 'png', description: 'The format of the tiles.' },
  quality: {
    type: ['integer', 'null'],
    minimum: 0,
    maximum: 100,
    default: null,
    description: 'Of lossy formats 1 to 100; of PNG the compression, 0 to 9.',
  },
  archive: {
    enum: ['none', 'pmtiles', 'mbtiles'],
    default: 'none',
    description: 'A single file with all tiles, beside them.',
  },
  area: {
    type: ['object', 'null'],
    default: null,
    description: 'GeoJSON polygons in longitude and latitude: tiles elsewhere are not made.',
  },
  write_empty: {
    type: 'boolean',
    default: false,
    description: 'Whether tiles that show nothing are stored.',
  },
  overwrite: {
    type: 'boolean',
    default: false,
    description: 'Whether tiles that an earlier run stored are made anew.',
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

function invalid(reason: string): OpenEOError {
  return new OpenEOError('RequestInvalid', { reason });
}

/** The defaults of what is absent. */
export function completeOptions(given: Partial<PyramidOptions>): PyramidOptions {
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(optionSchemas))
    values[name] = (given as Record<string, unknown>)[name] ?? schema.default;
  return values as unknown as PyramidOptions;
}

/** The quality in effect. @throws OpenEOError `RequestInvalid` where the format has no such */
export function qualityOf({ format, quality }: Pick<PyramidOptions, 'format' | 'quality'>): number {
  if (quality === null || quality === undefined) return tileFormats[format].defaultQuality;
  const [low, high] = format === 'png' ? [0, 9] : [1, 100];
  if (quality < low || quality > high)
    throw invalid(`quality of ${format} is a whole number from ${low} to ${high}.`);
  return quality;
}

/** What is wrong whatever the source is. @throws OpenEOError `RequestInvalid` */
export function checkChoices(options: PyramidOptions): void {
  const { minzoom, maxzoom, area } = options;
  qualityOf(options);
  if (options.archive !== 'none' && options.layout !== 'xyz')
    throw invalid('an archive holds tiles of the layout xyz only.');
  if (typeof minzoom === 'number' && typeof maxzoom === 'number' && minzoom > maxzoom)
    throw invalid(`minzoom ${minzoom} is larger than maxzoom ${maxzoom}.`);
  if (area) tileArea(polygonsOf(area));
}

/** What fits a plain image or a map only, and is right at all. @throws OpenEOError `RequestInvalid` */
export function checkOptions(options: PyramidOptions, kind: 'image' | 'map'): void {
  checkChoices(options);
  if (kind === 'map' && options.layout !== 'xyz')
    throw invalid(`a raster with a place on Earth is tiled in the layout xyz, not ${options.layout}.`);
  if (kind === 'map') return;
  if (options.area) throw invalid('a plain image has no place on Earth that an area could restrict.');
  if ((options.minzoom ?? undefined) !== undefined || (options.maxzoom ?? undefined) !== undefined)
    throw invalid('the levels of a plain image follow from its size; minzoom and maxzoom are for maps.');
}

/** The polygons of GeoJSON. @throws OpenEOError `RequestInvalid` for what holds none */
export function polygonsOf(area: unknown): readonly Geometry[] {
  const found: Geometry[] = [];
  const visit = (value: unknown, depth: number): void => {
    const object = value as { type?: unknown; [name: string]: unknown } | null;
    if (typeof object !== 'object' || object === null || depth > 8) throw invalid('area is not GeoJSON.');
    if (object.type === 'FeatureCollection' && Array.isArray(object['features']))
      for (const feature of object['features']) visit(feature, depth + 1);
    else if (object.type === 'Feature') visit(object['geometry'], depth + 1);
    else if (object.type === 'GeometryCollection' && Array.isArray(object['geometries']))
      for (const geometry of object['geometries']) visit(geometry, depth + 1);
    else if (object.type === 'Polygon' || object.type === 'MultiPolygon') {
      requirePositions(object['coordinates'], object.type === 'Polygon' ? 3 : 4);
      found.push(object as unknown as Geometry);
    } else throw invalid('area must be GeoJSON of polygons.');
  };
  visit(area, 0);
  if (found.length === 0) throw invalid('area has no polygon.');
  return found;
}

function requirePositions(value: unknown, depth: number): void {
  if (!Array.isArray(value)) throw invalid('the coordinates of area are not nested as GeoJSON has them.');
  if (depth > 1) for (const part of value) requirePositions(part, depth - 1);
  else if (
    value.length < 2 ||
    !value.every((number) => typeof number === 'number' && Number.isFinite(number))
  )
    throw invalid('the positions of area must be pairs of numbers.');
}

import { crsFromEpsg, transformBounds, wgs84 } from '../../geo/crs';
import type { Address } from './address';
import { rasterAssets } from './asset';
import { FieldError, type Fields, field, fieldsOf, isFields, numbersOf, textOf } from './fields';
import type { RasterAsset, RasterItem } from './types';

type Bbox = RasterItem['bbox'];

/** RFC 3339 in UTC, without a fraction of zero. @throws FieldError */
function utc(text: string, name: string): string {
  const time = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(time)) throw new FieldError(name, `is no date and time: "${text}"`);
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

function datetimeOf(properties: Fields): string {
  for (const name of ['datetime', 'start_datetime', 'end_datetime']) {
    const text = textOf(properties, name);
    if (text) return utc(text, `properties.${name}`);
  }
  throw new FieldError('properties.datetime', 'is missing');
}

function* positions(coordinates: unknown): Generator<readonly [number, number]> {
  if (!Array.isArray(coordinates)) return;
  if (typeof coordinates[0] === 'number') yield [coordinates[0], coordinates[1]];
  else for (const part of coordinates) yield* positions(part);
}

function geometryBbox(geometry: unknown): Bbox | undefined {
  if (!isFields(geometry)) return undefined;
  if (Array.isArray(geometry['geometries'])) {
    const boxes = geometry['geometries'].map(geometryBbox).filter((box) => box !== undefined);
    return boxes.length === 0
      ? undefined
      : [
          Math.min(...boxes.map((box) => box[0])),
          Math.min(...boxes.map((box) => box[1])),
          Math.max(...boxes.map((box) => box[2])),
          Math.max(...boxes.map((box) => box[3])),
        ];
  }
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of positions(geometry['coordinates'])) {
    west = Math.min(west, x);
    south = Math.min(south, y);
    east = Math.max(east, x);
    north = Math.max(north, y);
  }
  return west <= east && south <= north ? [west, south, east, north] : undefined;
}

function projectionBbox(assets: readonly RasterAsset[]): Bbox | undefined {
  const projection = assets.find((asset) => asset.projection)?.projection;
  if (!projection) return undefined;
  const [a, , c, , e, f] = projection.transform;
  const [height, width] = projection.shape;
  const bounds = { west: c, north: f, east: c + a * width, south: f + e * height };
  const { west, south, east, north } = transformBounds(bounds, crsFromEpsg(projection.epsg), wgs84);
  return [west, south, east, north];
}

function bboxOf(document: Fields, assets: readonly RasterAsset[]): Bbox {
  const numbers = numbersOf(document, 'bbox');
  if (numbers) {
    if (numbers.length !== 4 && numbers.length !== 6)
      throw new FieldError('bbox', `has ${numbers.length} numbers instead of 4 or 6`);
    const bbox: Bbox =
      numbers.length === 6
        ? [numbers[0], numbers[1], numbers[3], numbers[4]]
        : [numbers[0], numbers[1], numbers[2], numbers[3]];
    if (bbox[1] > bbox[3]) throw new FieldError('bbox', 'has its south above its north');
    return bbox;
  }
  const bbox = geometryBbox(document['geometry']) ?? projectionBbox(assets);
  if (!bbox) throw new FieldError('bbox', 'is missing, and there is no geometry or projection to tell it');
  return bbox;
}

/**
 * An item as this server uses it.
 * @param templates `item_assets` of its collection
 * @throws FieldError naming the field; OpenEOError `SourceUnreadable`
 */
export function parseItem(document: Fields, address: Address, templates: Fields = {}): RasterItem {
  const id = textOf(document, 'id');
  if (!id) throw new FieldError('id', 'is missing');
  const assetFields = field(document, 'assets');
  if (!isFields(assetFields)) throw new FieldError('assets', 'is missing');
  const properties = fieldsOf(document, 'properties');
  const assets = rasterAssets(assetFields, properties, templates, address);
  if (assets.length === 0) throw new FieldError('assets', 'has no TIFF file with data');
  return {
    id,
    datetime: datetimeOf(properties),
    bbox: bboxOf(document, assets),
    properties,
    assets,
  };
}

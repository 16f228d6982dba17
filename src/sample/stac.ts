import { crsFromEpsg, transformer, wgs84 } from '../geo/crs';
import type { Grid } from '../geo/types';
import type { Season } from './seasons';
import { pixelSize, size } from './terrain';

const epsg = 32632;

/** Where the invented land lies: the foot of the Alps, between Munich and Innsbruck. */
export function sampleGrid(metres: 10 | 20): Grid {
  const side = (size * pixelSize) / metres;
  return {
    crs: crsFromEpsg(epsg),
    originX: 670000,
    originY: 5296000,
    resX: metres,
    resY: metres,
    width: side,
    height: side,
  };
}

/** What is known of a band of the sample. */
export interface SampleBand {
  readonly name: string;
  readonly description: string;
  readonly metres: 10 | 20;
  readonly commonName?: string;
  /** Micrometres. */
  readonly wavelength?: number;
  /** Reflectance, the range that pictures look right over. */
  readonly range?: readonly [number, number];
}

export const sampleBands: readonly SampleBand[] = [
  { name: 'B02', description: 'Blue', metres: 10, commonName: 'blue', wavelength: 0.49, range: [0, 0.2] },
  { name: 'B03', description: 'Green', metres: 10, commonName: 'green', wavelength: 0.56, range: [0, 0.2] },
  { name: 'B04', description: 'Red', metres: 10, commonName: 'red', wavelength: 0.665, range: [0, 0.2] },
  {
    name: 'B08',
    description: 'Near infrared',
    metres: 10,
    commonName: 'nir',
    wavelength: 0.842,
    range: [0, 0.5],
  },
  {
    name: 'B11',
    description: 'Shortwave infrared',
    metres: 20,
    commonName: 'swir16',
    wavelength: 1.61,
    range: [0, 0.4],
  },
  { name: 'SCL', description: 'Scene classification', metres: 20 },
];

const classes = [
  ['no_data', 'No data'],
  ['saturated', 'Saturated or defective'],
  ['dark', 'Dark area'],
  ['cloud_shadow', 'Cloud shadow'],
  ['vegetation', 'Vegetation'],
  ['not_vegetated', 'Not vegetated'],
  ['water', 'Water'],
  ['unclassified', 'Unclassified'],
  ['cloud_medium', 'Cloud, medium probability'],
  ['cloud_high', 'Cloud, high probability'],
  ['cirrus', 'Thin cirrus'],
  ['snow', 'Snow or ice'],
].map(([name, description], value) => ({ value, name, description }));

function corners(): [number, number][] {
  const grid = sampleGrid(10);
  const { forward } = transformer(grid.crs, wgs84);
  const east = grid.originX + size * pixelSize;
  const south = grid.originY - size * pixelSize;
  return (
    [
      [grid.originX, grid.originY],
      [grid.originX, south],
      [east, south],
      [east, grid.originY],
      [grid.originX, grid.originY],
    ] as const
  ).map(([x, y]) => {
    const [lon, lat] = forward(x, y);
    return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
  });
}

function bbox(): [number, number, number, number] {
  const points = corners();
  const lons = points.map(([lon]) => lon);
  const lats = points.map(([, lat]) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

const extensions = {
  cube: 'https://stac-extensions.github.io/datacube/v2.2.0/schema.json',
  eo: 'https://stac-extensions.github.io/eo/v1.1.0/schema.json',
  projection: 'https://stac-extensions.github.io/projection/v1.1.0/schema.json',
  raster: 'https://stac-extensions.github.io/raster/v1.1.0/schema.json',
  classification: 'https://stac-extensions.github.io/classification/v1.1.0/schema.json',
};

function eoBand(band: SampleBand) {
  return {
    name: band.name,
    description: band.description,
    ...(band.commonName ? { common_name: band.commonName } : {}),
    ...(band.wavelength ? { center_wavelength: band.wavelength } : {}),
  };
}

function asset(band: SampleBand, folder: string) {
  const grid = sampleGrid(band.metres);
  return {
    href: `./${folder}/${band.name}.tif`,
    type: 'image/tiff; application=geotiff; profile=cloud-optimized',
    title: band.description,
    roles: ['data'],
    gsd: band.metres,
    'proj:epsg': epsg,
    'proj:shape': [grid.height, grid.width],
    'proj:transform': [grid.resX, 0, grid.originX, 0, -grid.resY, grid.originY, 0, 0, 1],
    'eo:bands': [eoBand(band)],
    'raster:bands': [
      {
        data_type: band.range ? 'uint16' : 'uint8',
        nodata: 0,
        spatial_resolution: band.metres,
        ...(band.range
          ? {
              scale: 0.0001,
              offset: 0,
              unit: '1',
              statistics: { minimum: band.range[0], maximum: band.range[1] },
            }
          : { statistics: { minimum: 0, maximum: 11 } }),
      },
    ],
    ...(band.range ? {} : { 'classification:classes': classes }),
  };
}

export const sampleId = 'TILEGRAPH_SAMPLE';

/** The name of a date's item, its folder and its document. */
export function itemId(season: Season): string {
  return `sample-${season.datetime.slice(0, 10).replaceAll('-', '')}`;
}

/** The STAC item of one date. */
export function itemDocument(season: Season, cloudCover: number) {
  const id = itemId(season);
  const links = ['root', 'parent', 'collection'].map((rel) => ({
    rel,
    href: './collection.json',
    type: 'application/json',
  }));
  return {
    type: 'Feature',
    stac_version: '1.0.0',
    stac_extensions: [extensions.eo, extensions.projection, extensions.raster, extensions.classification],
    id,
    collection: sampleId,
    geometry: { type: 'Polygon', coordinates: [corners()] },
    bbox: bbox(),
    properties: {
      datetime: season.datetime,
      platform: 'synthetic',
      gsd: 10,
      'eo:cloud_cover': cloudCover,
      'view:sun_elevation': 90 - season.sunZenith,
      'proj:epsg': epsg,
    },
    links,
    assets: Object.fromEntries(sampleBands.map((band) => [band.name, asset(band, id)])),
  };
}

/** The STAC collection of all dates. */
export function collectionDocument(seasons: readonly Season[]) {
  const times = seasons.map((season) => season.datetime);
  const grid = sampleGrid(10);
  const spatial = (axis: 'x' | 'y', extent: [number, number]) => ({
    type: 'spatial',
    axis,
    extent,
    step: pixelSize,
    reference_system: epsg,
  });
  return {
    type: 'Collection',
    stac_version: '1.0.0',
    stac_extensions: [extensions.cube, extensions.eo],
    id: sampleId,
    title: 'Sample: an invented landscape',
    description:
      'Synthetic data to try things with: a landscape that does not exist, computed when the server first ' +
      'started and placed at the foot of the Alps. Mountains, a river, a lake, forests, fields and towns in the ' +
      'course of a year, with bands like those of Sentinel-2 (surface reflectance), clouds with their shadows ' +
      'on two dates, snow on the peaks, and a date where the swath ends within the picture. It was measured by ' +
      'no satellite and says nothing about the real place.',
    license: 'CC0-1.0',
    keywords: ['sample', 'synthetic', 'demo'],
    providers: [{ name: 'Tilegraph', roles: ['producer', 'host'] }],
    extent: {
      spatial: { bbox: [bbox()] },
      temporal: { interval: [[times[0], times[times.length - 1]]] },
    },
    'cube:dimensions': {
      x: spatial('x', [grid.originX, grid.originX + size * pixelSize]),
      y: spatial('y', [grid.originY - size * pixelSize, grid.originY]),
      t: { type: 'temporal', extent: [times[0], times[times.length - 1]], values: times },
      bands: { type: 'bands', values: sampleBands.map((band) => band.name) },
    },
    summaries: {
      platform: ['synthetic'],
      gsd: [10, 20],
      'eo:bands': sampleBands.map((band) => ({ ...eoBand(band), gsd: band.metres })),
    },
    links: [
      { rel: 'root', href: './collection.json', type: 'application/json' },
      { rel: 'self', href: './collection.json', type: 'application/json' },
      ...seasons.map((season) => ({
        rel: 'item',
        href: `./${itemId(season)}.json`,
        type: 'application/geo+json',
      })),
    ],
  };
}

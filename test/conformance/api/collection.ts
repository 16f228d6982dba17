import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A collection of one picture, which is described so well that nobody opens it. */
const collection = {
  ...{ type: 'Collection', stac_version: '1.0.0', id: 'TEST', title: 'Test', license: 'other' },
  description: 'One picture.',
  extent: {
    spatial: { bbox: [[11, 46, 11.1, 46.1]] },
    temporal: { interval: [['2024-06-01T10:00:00Z', '2024-06-01T10:00:00Z']] },
  },
  links: [
    { rel: 'item', href: './item.json' },
    { rel: 'license', href: 'https://license.example/' },
  ],
};
const corners = [
  [11, 46],
  [11.1, 46],
  [11.1, 46.1],
  [11, 46.1],
  [11, 46],
];
const item = {
  ...{ type: 'Feature', stac_version: '1.0.0', id: 'one', collection: 'TEST', links: [] },
  ...{ bbox: [11, 46, 11.1, 46.1], geometry: { type: 'Polygon', coordinates: [corners] } },
  properties: {
    ...{ datetime: '2024-06-01T10:00:00Z', 'eo:cloud_cover': 3, 'proj:code': 'EPSG:32632' },
    ...{ 'proj:shape': [100, 100], 'proj:transform': [10, 0, 700000, 0, -10, 5100000] },
  },
  assets: {
    data: {
      ...{ href: './one.tif', type: 'image/tiff; application=geotiff; profile=cloud-optimized' },
      ...{
        roles: ['data'],
        bands: [{ name: 'B04', 'eo:common_name': 'red', data_type: 'uint16', nodata: 0 }],
      },
      'eo:bands': [{ name: 'B04', common_name: 'red' }],
      'raster:bands': [{ data_type: 'uint16', nodata: 0 }],
    },
  },
};

/** Writes the collection into a folder; returns its file. */
export function writeCollection(folder: string): string {
  writeFileSync(join(folder, 'item.json'), JSON.stringify(item));
  writeFileSync(join(folder, 'collection.json'), JSON.stringify(collection));
  return join(folder, 'collection.json');
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One collection of one scene, of a kind that no other test has. */
export interface UnseenCase {
  readonly name: string;
  readonly epsg: number;
  readonly center: readonly [number, number];
  /** Of a pixel, in units of the reference system. */
  readonly res: number;
  readonly size: readonly [number, number];
  readonly dtype: 'uint8' | 'int16' | 'uint16' | 'float32' | 'float64';
  readonly nodata?: string;
  /** False: only the metadata know of it. */
  readonly fileNodata?: boolean;
  /** Which bands each file has. */
  readonly files: Readonly<Record<string, readonly number[]>>;
  readonly driver?: 'COG' | 'GTiff';
  readonly options?: Readonly<Record<string, string>>;
  readonly scale?: number;
  readonly offset?: number;
  /** `full`: projection and cube metadata; `bare`: neither; `catalog`: bare, found through a static catalog. */
  readonly metadata: 'full' | 'bare' | 'catalog';
}

const degrees = { epsg: 4326, center: [12.3, 41.9], res: 0.0009 } as const;

export const unseenCases: readonly UnseenCase[] = [
  {
    name: 'laea',
    epsg: 3035,
    center: [10.5, 48.5],
    res: 25,
    size: [420, 377],
    dtype: 'uint8',
    nodata: '0',
    files: { 'laea.tif': [1, 2, 3] },
    options: { COMPRESS: 'DEFLATE', BLOCKSIZE: '128', OVERVIEW_RESAMPLING: 'AVERAGE' },
    metadata: 'full',
  },
  {
    name: 'south',
    epsg: 32719,
    center: [-70.2, -33.1],
    res: 20,
    size: [390, 433],
    dtype: 'int16',
    nodata: '-32768',
    files: { 'south-1.tif': [1], 'south-2.tif': [2] },
    options: { COMPRESS: 'LZW', PREDICTOR: 'YES', BLOCKSIZE: '128', OVERVIEWS: 'NONE' },
    metadata: 'full',
  },
  {
    name: 'swiss',
    epsg: 2056,
    center: [8.3, 46.9],
    res: 10,
    size: [399, 388],
    dtype: 'float64',
    nodata: '-9999',
    files: { 'swiss.tif': [1, 2] },
    driver: 'GTiff',
    options: { INTERLEAVE: 'BAND', TILED: 'YES', BLOCKXSIZE: '64', BLOCKYSIZE: '64', COMPRESS: 'DEFLATE' },
    metadata: 'bare',
  },
  {
    name: 'degrees',
    ...degrees,
    size: [411, 349],
    dtype: 'float32',
    nodata: 'nan',
    files: { 'degrees.tif': [1] },
    options: { COMPRESS: 'ZSTD', PREDICTOR: 'YES', BLOCKSIZE: '256' },
    metadata: 'bare',
  },
  {
    name: 'polar',
    epsg: 3413,
    center: [-50, 72],
    res: 100,
    size: [390, 370],
    dtype: 'uint8',
    files: { 'polar.tif': [1] },
    options: { BLOCKSIZE: '128' },
    metadata: 'catalog',
  },
  {
    name: 'scaled',
    ...degrees,
    size: [301, 303],
    dtype: 'uint16',
    nodata: '65535',
    fileNodata: false,
    files: { 'scaled.tif': [1] },
    options: { COMPRESS: 'DEFLATE', BLOCKSIZE: '128' },
    scale: 0.0001,
    offset: -0.1,
    metadata: 'full',
  },
];

export interface MadeFile {
  readonly bbox: readonly number[];
  readonly shape: readonly number[];
  readonly transform: readonly number[];
}

const datetime = '2024-05-06T07:08:09Z';

function assetOf(each: UnseenCase, file: string, made: MadeFile): object {
  const bands = each.files[file];
  const isFull = each.metadata === 'full';
  return {
    href: `../files/${file}`,
    type: 'image/tiff; application=geotiff; profile=cloud-optimized',
    roles: ['data'],
    'eo:bands': bands.map((band) => ({ name: `B${band}` })),
    ...(each.fileNodata === false && {
      'raster:bands': bands.map(() => ({
        nodata: Number(each.nodata),
        scale: each.scale,
        offset: each.offset,
      })),
    }),
    ...(isFull && {
      'proj:epsg': each.epsg,
      'proj:shape': made.shape,
      'proj:transform': made.transform,
    }),
  };
}

/** Writes the metadata of a case; resolves to the path, from the folder, of what the server is told. */
export function writeUnseen(
  folder: string,
  each: UnseenCase,
  files: Readonly<Record<string, MadeFile>>,
): string {
  const own = join(folder, each.name);
  mkdirSync(own, { recursive: true });
  const names = Object.keys(each.files);
  const { bbox } = files[names[0]];
  const write = (name: string, document: object) =>
    writeFileSync(join(own, name), JSON.stringify({ stac_version: '1.0.0', ...document }));
  write('item.json', {
    type: 'Feature',
    id: `${each.name}-item`,
    collection: each.name,
    bbox,
    geometry: null,
    properties: { datetime },
    links: [],
    assets: Object.fromEntries(
      names.map((file) => [file.replace('.tif', ''), assetOf(each, file, files[file])]),
    ),
  });
  const bands = Object.values(each.files).flat();
  write('collection.json', {
    type: 'Collection',
    id: each.name,
    description: `The collection ${each.name}`,
    license: 'CC0-1.0',
    extent: { spatial: { bbox: [bbox] }, temporal: { interval: [[datetime, datetime]] } },
    links: [{ rel: 'item', href: './item.json' }],
    ...(each.metadata === 'full' && {
      'cube:dimensions': {
        x: { type: 'spatial', axis: 'x', reference_system: each.epsg },
        y: { type: 'spatial', axis: 'y', reference_system: each.epsg },
        t: { type: 'temporal', extent: [datetime, datetime] },
        bands: { type: 'bands', values: bands.map((band) => `B${band}`) },
      },
    }),
  });
  write('catalog.json', {
    type: 'Catalog',
    id: `${each.name}-catalog`,
    description: 'A catalog',
    links: [{ rel: 'child', href: './collection.json' }],
  });
  return join(each.name, each.metadata === 'catalog' ? 'catalog.json' : 'collection.json');
}

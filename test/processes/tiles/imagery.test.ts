import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { OpenEOError } from '../../../src/base/errors';
import { silentLogger } from '../../../src/base/logger';
import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import { OpaqueHandle } from '../../../src/graph/types';
import type { ProcessContext } from '../../../src/processes/context';
import * as inventory from '../../../src/processes/tiles/tile_inventory';
import * as upload from '../../../src/processes/tiles/tile_upload';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { memoryCube } from '../../../src/raster/memory-cube';
import { createRasterReader } from '../../../src/raster/reader';
import { openObjectStore } from '../../../src/store/objects/open';
import type { ObjectStore } from '../../../src/store/objects/types';
import type { Role } from '../../../src/store/records/types';
import { TileFiles } from '../../../src/tiles/files';
import { locationHash } from '../../../src/tiles/identity';
import { Imagery } from '../../../src/tiles/imagery';
import { bytesOf, encodeRequest } from '../../raster/formats/support';
import { plainHttp } from '../../store/catalog/support';
import { type TestTileStore, testTileStore } from '../../support/tile-stores';
import { faults, noFaults } from '../../tiles/support/check-catalogue';

const flight = '00000000-0000-4000-8000-00000000000a';
const mercator = tileMatrixSet('WebMercatorQuad')!;

let store: TestTileStore;
let folder: string;
let objects: ObjectStore;
let imagery: Imagery;
const raster = createRasterReader({ http: plainHttp(), logger: silentLogger });
afterAll(() => raster.close());
const workspace = new Map<string, Buffer>();

beforeEach(async () => {
  store = await testTileStore('sqlite');
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-imagery-'));
  objects = await openObjectStore(pathToFileURL(folder).href, { logger: silentLogger });
  const limits = { uploadBytes: 100_000, uploadPixels: 1_000_000, cells: 6000 };
  imagery = new Imagery(store.store.catalogue, new TileFiles(objects), limits);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  workspace.clear();
});

const context = (...roles: Role[]) =>
  ({
    imagery,
    user: { id: 'anna', name: 'anna', roles },
    signal: new AbortController().signal,
    logger: silentLogger,
    limits: { pixels: 1e6, seconds: 60 },
    raster,
    async openFile(path: string, range?: { readonly start: number; readonly end: number }) {
      const bytes = workspace.get(path);
      if (!bytes) throw new OpenEOError('FileNotFound', { file: path });
      const part = range ? bytes.subarray(range.start, range.end + 1) : bytes;
      return { owner: 'anna', size: bytes.length, version: '1', body: Readable.from([part]) };
    },
  }) as Pick<ProcessContext, 'imagery' | 'user' | 'signal' | 'logger' | 'limits' | 'openFile' | 'raster'>;

const args = (data: unknown, changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ data, source: 'uav', flight_id: flight, captured_at: '2024-05-01T12:00:00+02:00' },
  ...{ zoom: null, format: 'png', quality: 85, ...changes },
});

/** Red, green and blue over 2 × 1 cells of zoom 6; without data in the western half of the western one. */
function cube() {
  const grid = { ...mercator.grid({ z: 6, x: 10, y: 20 }, 128), width: 256 };
  const data = new Float32Array(3 * 256 * 128);
  for (let i = 0; i < data.length; i++)
    data[i] = i % 256 < 64 ? Number.NaN : Math.floor(i / (256 * 128)) * 100;
  return memoryCube({
    grid,
    data,
    dimensions: [
      { type: 'bands', name: 'bands', labels: ['red', 'green', 'blue'] },
      { type: 'spatial', name: 'y', axis: 'y' },
      { type: 'spatial', name: 'x', axis: 'x' },
    ],
  });
}

describe('tile_upload', () => {
  test('13 cuts a cube into tiles, and again replaces them', async () => {
    const first = await upload.run(args(cube(), { zoom: 6 }), context('uploader'));
    expect(first).toMatchObject({ written: 2, replaced: 0, skipped_empty: 0 });
    expect(first.tiles.map(({ z, x, y, replaced }) => [z, x, y, replaced])).toEqual([
      [6, 10, 20, false],
      [6, 11, 20, false],
    ]);
    const again = await upload.run(args(cube(), { zoom: 6, format: 'jpeg' }), context('admin'));
    expect(again).toMatchObject({ written: 0, replaced: 2, skipped_empty: 0 });
    expect(again.tiles.map(({ id }) => id)).toEqual(first.tiles.map(({ id }) => id));
    const tile = await store.store.catalogue.atCell({ z: 6, x: 11, y: 20 });
    expect(tile).toMatchObject({ flightId: flight, source: 'uav', imageType: 'jpeg', sizePixels: 256 });
    expect(await faults(store, folder)).toEqual(noFaults);
  });

  test('13 leaves out cells without data; pictures keep what is transparent', async () => {
    const done = await upload.run(args(cube(), { zoom: 8, format: 'webp' }), context('uploader'));
    // 8 × 4 cells, of which the two western columns are empty.
    expect(done).toMatchObject({ written: 24, skipped_empty: 8 });
    await upload.run(args(cube(), { zoom: 6 }), context('uploader'));
    const tile = await store.store.catalogue.atCell({ z: 6, x: 10, y: 20 });
    const { data, info } = await sharp(readFileSync(join(folder, 'tiles', tile!.filePath)))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixel = (column: number) => [...data.subarray((100 * 256 + column) * info.channels).subarray(0, 4)];
    expect(pixel(10)[3]).toBe(0);
    expect(pixel(200)).toEqual([0, 100, 200, 255]);
  });

  test('13 stores a picture of the workspace as it is', async () => {
    const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    workspace.set('flight/18/154321/95812.jpg', bytes);
    const done = await upload.run(args('flight/18/154321/95812.jpg'), context('uploader'));
    const cell = { z: 18, x: 154321, y: 95812 };
    expect(done.tiles).toEqual([
      expect.objectContaining({ ...cell, location_hash: locationHash(cell), replaced: false }),
    ]);
    expect(await imagery.files.read(`uav/${flight}/18/154321/95812.png`)).toEqual(bytes);
    workspace.set('18/1/1.png', Buffer.from('no picture'));
    workspace.set('18/1/2.png', Buffer.alloc(100_001));
    workspace.set('31/1/2.png', bytes);
    workspace.set('tile.png', bytes);
    for (const [path, code, status] of [
      ['18/1/1.png', 'FileTypeInvalid', 415],
      ['18/1/2.png', 'FileSizeExceeded', 413],
      ['31/1/2.png', 'TileInvalid', 400],
      ['tile.png', 'TileInvalid', 400],
    ])
      await expect(upload.run(args(path), context('uploader'))).rejects.toMatchObject({ code, status });
    expect(await faults(store, folder)).toEqual(noFaults);
  });

  test('13 cuts a GeoTIFF of the workspace as it cuts a cube', async () => {
    const file = await gtiff.encode(cube(), encodeRequest());
    // Its name says nothing; what a picture’s would say is not asked.
    workspace.set('flight/12/1/1.png', Buffer.from(await bytesOf(file.body)));
    const done = await upload.run(args('/flight/12/1/1.png', { zoom: 8 }), context('uploader'));
    expect(done).toMatchObject({ written: 24, replaced: 0, skipped_empty: 8 });
    const known = await store.store.catalogue.atCell({ z: 8, x: 47, y: 80 });
    const bytes = readFileSync(join(folder, 'tiles', known!.filePath));
    await upload.run(args(cube(), { zoom: 8 }), context('uploader'));
    const again = await store.store.catalogue.atCell({ z: 8, x: 47, y: 80 });
    expect(readFileSync(join(folder, 'tiles', again!.filePath)).equals(bytes)).toBe(true);
    expect(await faults(store, folder)).toEqual(noFaults);
  });

  test('13 a GeoTIFF without zoom, one that is none, and a file that is not there', async () => {
    const file = await gtiff.encode(cube(), encodeRequest());
    workspace.set('a.tif', Buffer.from(await bytesOf(file.body)));
    workspace.set('b.tif', Buffer.from('II*\0 and nothing else'));
    for (const [path, zoom, code] of [
      ['a.tif', null, 'ProcessParameterRequired'],
      ['b.tif', 6, 'SourceUnreadable'],
      ['c.tif', 6, 'FileNotFound'],
      ['../a.tif', 6, 'FileNotFound'],
    ])
      await expect(upload.run(args(path, { zoom }), context('uploader'))).rejects.toMatchObject({ code });
    expect(await store.rows('select id from tiles')).toEqual([]);
    expect(await faults(store, folder)).toEqual(noFaults);
  });

  test.each<[string, object, Role[], string]>([
    ['nobody but uploaders', {}, [], 'PermissionsInsufficient'],
    ['3.3 uav without flight', { flight_id: null }, ['uploader'], 'TileInvalid'],
    ['3.4 google_maps with a flight', { source: 'google_maps' }, ['uploader'], 'TileInvalid'],
    ['3.3 an unknown source', { source: 'satar' }, ['uploader'], 'TileInvalid'],
    ['2.5 a time without zone', { captured_at: '2024-05-01T12:00:00' }, ['uploader'], 'TileInvalid'],
    ['13 a cube without zoom', { zoom: null }, ['uploader'], 'ProcessParameterRequired'],
    ['13 more cells than the limit', { zoom: 13 }, ['uploader'], 'TileInvalid'],
    ['13 another store', { store: new OpaqueHandle('other', {}) }, ['uploader'], 'ProcessParameterInvalid'],
  ])('refuses, with the codes of the endpoint: %s', async (_, changes, roles, code) => {
    await expect(upload.run(args(cube(), { zoom: 6, ...changes }), context(...roles))).rejects.toMatchObject({
      code,
    });
    expect(await store.rows('select id from tiles')).toEqual([]);
    expect(await faults(store, folder)).toEqual(noFaults);
  });

  test('it counts as writing; without a login or a store it says so', async () => {
    expect(upload.effects).toBe('write');
    const anonymous = { ...context(), user: undefined };
    await expect(upload.run(args(cube()), anonymous)).rejects.toMatchObject({
      code: 'AuthenticationRequired',
    });
    const bare = { ...context('uploader'), imagery: undefined };
    await expect(upload.run(args(cube()), bare)).rejects.toMatchObject({ code: 'TileStoreUnavailable' });
  });

  test('a client that leaves stops the cutting', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(
      upload.run(args(cube(), { zoom: 6 }), { ...context('uploader'), signal: gone }),
    ).rejects.toThrow('gone');
    expect(await store.rows('select id from tiles')).toEqual([]);
  });
});

describe('tile_inventory', () => {
  const ask = (request: Readonly<Record<string, unknown>>) => inventory.run(request, context());
  const cells = (answers: readonly { z?: number; x?: number; y?: number; present: boolean }[]) =>
    answers.map(({ z, x, y, present }) => `${z}/${x}/${y}${present ? '!' : ''}`);
  const refused = { code: 'InventoryInvalid', status: 400 };

  beforeEach(async () => {
    await upload.run(args(cube(), { zoom: 6 }), context('uploader'));
    const google = { source: 'google_maps', flight_id: null, captured_at: '2023-01-01T00:00:00Z' };
    await upload.run(args(cube(), { zoom: 6, ...google }), context('uploader'));
  });

  test('13 5.12 answers as the endpoint does', async () => {
    const tiles = [
      { z: 6, x: 11, y: 20 },
      { z: 6, x: 0, y: 0 },
    ];
    expect(await ask({ tiles })).toEqual(await imagery.inventory({ tiles }));
    const location_hashes = tiles.map(locationHash);
    expect(await ask({ tiles: null, location_hashes })).toEqual(await imagery.inventory({ location_hashes }));
  });

  test('13 filters by source, flight and time', async () => {
    const tiles = [{ z: 6, x: 11, y: 20 }];
    const found = async (filter: object) => (await ask({ tiles, ...filter }))[0].tile?.['source'];
    expect(await found({})).toBe('uav');
    expect(await found({ source: 'google_maps' })).toBe('google_maps');
    expect(await found({ flight_id: flight.toUpperCase() })).toBe('uav');
    expect(await found({ flight_id: '00000000-0000-4000-8000-00000000000b' })).toBeUndefined();
    expect(await found({ captured_before: '2024-05-01T10:00:00Z' })).toBe('google_maps');
    expect(await found({ captured_after: '2024-05-01T10:00:00Z' })).toBe('uav');
    expect(await found({ captured_after: '2024-05-01T10:00:00.000001Z' })).toBeUndefined();
  });

  test('13 the cells that a box touches, by zoom level, row and column', async () => {
    const { west, south, east, north } = mercator.bounds({ z: 6, x: 10, y: 20 });
    const bbox = { west: west + 1, south: south + 1, east: east + 1, north: north - 1, crs: 3857 };
    expect(cells(await ask({ bbox, zooms: [6, 5] }))).toEqual(['6/10/20!', '6/11/20!', '5/5/10']);
    const around = { west: 179, south: 1, east: -179, north: 2 };
    expect(cells(await ask({ bbox: around, zooms: [3] }))).toEqual(['3/7/3', '3/0/3']);
    const poles = { west: -180, south: -90, east: 180, north: 90 };
    expect(cells(await ask({ bbox: poles, zooms: [0] }))).toEqual(['0/0/0']);
  });

  test('13 the cells that a geometry touches', async () => {
    const point = { type: 'Point', coordinates: [1, 1] };
    expect(cells(await ask({ geometry: point, zooms: [0, 1] }))).toEqual(['0/0/0', '1/1/0']);
    // Far smaller than a cell, so that no centre lies in it, and across a border.
    const ring = [
      [-0.1, 1],
      [0.1, 1],
      [0.1, 1.1],
      [-0.1, 1],
    ];
    const polygon = { type: 'Polygon', coordinates: [ring] };
    expect(cells(await ask({ geometry: polygon, zooms: [2] }))).toEqual(['2/1/1', '2/2/1']);
    const line = {
      type: 'LineString',
      coordinates: [
        [-170, 5],
        [170, 5],
      ],
    };
    expect(cells(await ask({ geometry: line, zooms: [2] }))).toEqual(['2/0/1', '2/1/1', '2/2/1', '2/3/1']);
    const feature = {
      type: 'FeatureCollection',
      features: [{ type: 'Feature', properties: null, geometry: point }],
    };
    expect(cells(await ask({ geometry: feature, zooms: [1] }))).toEqual(['1/1/0']);
  });

  test('13 asks more than 5,000 cells in chunks, up to the limit', async () => {
    const tiles = Array.from({ length: 6001 }, (_, x) => ({ z: 20, x, y: 3 }));
    const answers = await ask({ tiles: tiles.slice(1) });
    expect(answers.map(({ x }) => x)).toEqual(tiles.slice(1).map(({ x }) => x));
    await expect(ask({ tiles })).rejects.toMatchObject(refused);
    const bbox = { west: 0, south: 0, east: 20, north: 20 };
    await expect(ask({ bbox, zooms: [12] })).rejects.toMatchObject(refused);
    const ring = [
      [0, 0],
      [20, 0],
      [20, 20],
      [0, 0],
    ];
    const geometry = { type: 'Polygon', coordinates: [ring] };
    await expect(ask({ geometry, zooms: [12] })).rejects.toMatchObject(refused);
    await expect(ask({ geometry, zooms: [30] })).rejects.toMatchObject(refused);
  });

  test.each<[string, object]>([
    ['nothing', {}],
    ['two ways', { tiles: [], location_hashes: [] }],
    ['a box without zooms', { bbox: { west: 0, south: 0, east: 1, north: 1 } }],
    ['cells with zooms', { tiles: [], zooms: [1] }],
    ['a cell out of range', { tiles: [{ z: 1, x: 2, y: 0 }] }],
    ['a hash that is none', { location_hashes: ['x'] }],
    ['an unknown source', { tiles: [], source: 'satar' }],
    ['a flight that is no UUID', { tiles: [], flight_id: '..' }],
    ['a time without zone', { tiles: [], captured_after: '2024-01-01T00:00:00' }],
  ])('13 refuses %s as the endpoint does', async (_, request) => {
    await expect(ask(request as Record<string, unknown>)).rejects.toMatchObject(refused);
  });
});

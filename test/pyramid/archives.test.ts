import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { PMTiles, type RangeResponse, zxyToTileId } from 'pmtiles';
import { writePmtiles } from '../../src/pyramid/archives/pmtiles';
import { tileId } from '../../src/pyramid/archives/tile-id';
import { planImage } from '../../src/pyramid/image/plan';
import { plannedTiles } from '../../src/pyramid/types';
import { describeWith, program, pythonWith } from '../support/tools';
import { drawing, encode } from './support/pictures';
import { openWorkshop, type Workshop } from './support/workshop';

jest.setTimeout(120_000);

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

/** The reference reader over bytes at hand. */
function readerOf(bytes: Buffer): PMTiles {
  return new PMTiles({
    getKey: () => 'memory',
    async getBytes(offset: number, length: number): Promise<RangeResponse> {
      const part = bytes.subarray(offset, offset + length);
      return { data: part.buffer.slice(part.byteOffset, part.byteOffset + part.length) as ArrayBuffer };
    },
  });
}

async function makeArchive(archive: 'pmtiles' | 'mbtiles', format: 'png' | 'jpeg' = 'png') {
  const source = await shop.store(await encode(drawing(1301, 777, 4), 1301, 777, 'png'));
  const { result, files } = await shop.generate(source, { archive, format });
  const file = files.find(({ name }) => name === `tiles.${archive}`)!;
  const bytes = await shop.read(file.key);
  expect(bytes.length).toBe(file.size);
  const names = (await shop.keys(result.tiles_path)).filter((name) => /^\d+\/\d+\/\d+\./.test(name));
  const tiles = await Promise.all(
    names.map(async (name) => {
      const [z, x, y] = name.split(/[/.]/).map(Number);
      return { z, x, y, body: await shop.read(result.tiles_path + name) };
    }),
  );
  const path = join(shop.folder, file.name);
  writeFileSync(path, bytes);
  return { bytes, tiles, path, result };
}

test('tile ids are those of the reference', () => {
  for (const [z, x, y] of [
    [0, 0, 0],
    [1, 0, 1],
    [1, 1, 1],
    [5, 17, 9],
    [12, 3423, 1763],
    [20, 1048575, 7],
    [24, 9000000, 16777215],
  ])
    expect(tileId({ z, x, y })).toBe(zxyToTileId(z, x, y));
});

test('a PMTiles archive holds every tile, for the reference reader', async () => {
  const { bytes, tiles, result } = await makeArchive('pmtiles');
  const reader = readerOf(bytes);
  expect(await reader.getHeader()).toMatchObject({
    ...{ specVersion: 3, minZoom: 0, maxZoom: 3, tileType: 2, clustered: true },
    numAddressedTiles: tiles.length,
  });
  expect(tiles).toHaveLength(result.tile_count);
  for (const { z, x, y, body } of tiles)
    expect(Buffer.from((await reader.getZxy(z, x, y))!.data).equals(body)).toBe(true);
  expect(await reader.getZxy(3, 7, 7)).toBeUndefined();
  expect(await reader.getMetadata()).toMatchObject({ name: 'a map', type: 'baselayer' });
});

test('equal tiles lie in an archive once, and many need leaves', async () => {
  const plan = planImage({ widthPx: 70_000, heightPx: 70_000, tileSizePx: 256, layout: 'xyz' });
  const tiles = [...plannedTiles(plan)].filter(({ x, y }) => (x * 7 + y) % 3 !== 0);
  const body = ({ x, y, z }: { x: number; y: number; z: number }) =>
    Buffer.from(y % 2 ? 'sea' : `land ${z}/${x}/${y}`.repeat(1 + (x % 5)));
  const archive = await writePmtiles({
    ...{ plan, format: 'png', name: 'many', tiles, folder: shop.folder },
    signal: new AbortController().signal,
    read: async (tile) => body(tile),
  });
  const bytes = await buffer(archive.open());
  expect(bytes.length).toBe(archive.sizeBytes);
  const reader = readerOf(bytes);
  const header = await reader.getHeader();
  expect(header.numAddressedTiles).toBe(tiles.length);
  expect(header.numTileContents).toBe(tiles.filter(({ y }) => y % 2 === 0).length + 1);
  expect(header.numTileEntries).toBeLessThan(tiles.length);
  expect(header.leafDirectoryLength).toBeGreaterThan(0);
  for (const tile of tiles.filter((_, index) => index % 997 === 0))
    expect(String(Buffer.from((await reader.getZxy(tile.z, tile.x, tile.y))!.data))).toBe(String(body(tile)));
});

const python = pythonWith('pmtiles');
describeWith(python, 'the Python package pmtiles', 'in Python', () => {
  test('the other reference reader finds the same tiles', async () => {
    const { tiles, path } = await makeArchive('pmtiles', 'jpeg');
    const script = `
import hashlib, json, sys
from pmtiles.reader import Reader, MmapSource, all_tiles
with open(sys.argv[1], 'rb') as file:
    source = MmapSource(file)
    header = Reader(source).header()
    found = {f'{z}/{x}/{y}': hashlib.sha256(data).hexdigest() for (z, x, y), data in all_tiles(source)}
print(json.dumps([header['tile_type'].name, found]))`;
    const [type, found] = JSON.parse(execFileSync(python!, ['-c', script, path], { encoding: 'utf8' }));
    const { createHash } = await import('node:crypto');
    expect(type).toBe('JPEG');
    expect(found).toEqual(
      Object.fromEntries(
        tiles.map(({ z, x, y, body }) => [`${z}/${x}/${y}`, createHash('sha256').update(body).digest('hex')]),
      ),
    );
  });
});

test('an MBTiles archive holds every tile, counted from the bottom', async () => {
  const { tiles, path } = await makeArchive('mbtiles');
  const database = new Database(path, { readonly: true });
  const rows = database
    .prepare('SELECT zoom_level z, tile_column x, tile_row y, tile_data body FROM tiles')
    .all();
  const byAddress = new Map(
    (rows as { z: number; x: number; y: number; body: Buffer }[]).map((row) => [
      `${row.z}/${row.x}/${row.y}`,
      row.body,
    ]),
  );
  expect(byAddress.size).toBe(tiles.length);
  for (const { z, x, y, body } of tiles)
    expect(byAddress.get(`${z}/${x}/${2 ** z - 1 - y}`)?.equals(body)).toBe(true);
  const metadata = Object.fromEntries(
    (database.prepare('SELECT name, value FROM metadata').all() as { name: string; value: string }[]).map(
      ({ name, value }) => [name, value],
    ),
  );
  expect(metadata).toMatchObject({ format: 'png', minzoom: '0', maxzoom: '3', type: 'baselayer' });
  database.close();
});

describeWith(program('gdalinfo'), 'gdalinfo', 'with GDAL', () => {
  test('an MBTiles archive is a raster in Web Mercator', async () => {
    const { path } = await makeArchive('mbtiles');
    const info = JSON.parse(execFileSync('gdalinfo', ['-json', '-checksum', path], { encoding: 'utf8' }));
    expect(info.driverShortName).toBe('MBTiles');
    expect(info.coordinateSystem.wkt).toMatch(/3857/);
    expect(info.bands).toHaveLength(4);
    expect(info.bands[0].checksum).toBeGreaterThan(0);
  });
});

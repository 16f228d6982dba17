import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../src/base/paths';
import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { TileAddress } from '../../src/geo/types';
import type { Json } from '../support/api';
import { startServer, type TestServer } from '../support/server';
import { describeWith, pythonWith, sharedFolder } from '../support/tools';
import { serveFolder } from './support/static-files';
import { type MadeFile, type UnseenCase, unseenCases, writeUnseen } from './support/unseen-collections';

const python = pythonWith('numpy', 'rasterio');
const matrixSet = tileMatrixSet('WebMercatorQuad')!;
const equator = 2 * Math.PI * 6378137;

function run<T>(command: 'make' | 'compare', job: object): T {
  const script = packagePath('test', 'e2e', 'support', 'unseen.py');
  const output = execFileSync(python!, [script, command], {
    input: JSON.stringify(job),
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output.toString()) as T;
}

interface Compared {
  readonly crs: number;
  readonly transform: readonly number[];
  readonly size: readonly number[];
  readonly nodata: string;
  readonly dtypes: readonly string[];
  readonly bands: number;
  /** By band: shares of pixels, and the mean difference as a share of the range of values. */
  readonly differing: readonly number[];
  readonly missing: readonly number[];
  readonly mean: readonly number[];
  readonly share: readonly number[];
}

interface Source {
  readonly path: string;
  readonly band: number;
  readonly nodata?: number;
  readonly scale?: number;
  readonly offset?: number;
}

const callback = (process_id: string, args: object) => ({
  process_graph: { a: { process_id, arguments: args, result: true } },
});
const first = callback('first', { data: { from_parameter: 'data' } });
const saved = (node: string) => ({
  process_id: 'save_result',
  arguments: { data: { from_node: node }, format: 'GTiff', options: { overviews: 'none' } },
  result: true,
});

/** Loads a collection, leaves its only date out, and warps it where that is asked for. */
function graph(load: object, resample?: object): Json {
  return {
    load,
    reduce: {
      process_id: 'reduce_dimension',
      arguments: { data: { from_node: 'load' }, dimension: 't', reducer: first },
    },
    ...(resample && {
      resample: {
        process_id: 'resample_spatial',
        arguments: { data: { from_node: 'reduce' }, ...resample },
      },
    }),
    save: saved(resample ? 'resample' : 'reduce'),
  };
}

const collection = (id: string) => ({
  process_id: 'load_collection',
  arguments: { id, spatial_extent: null, temporal_extent: null },
});

/** Metres of Web Mercator that one pixel of a file is wide. */
function mercatorSize({ center, res, epsg }: UnseenCase): number {
  const latitude = (center[1] * Math.PI) / 180;
  return epsg === 4326 ? (res / 360) * equator : res / Math.cos(latitude);
}

/** Tiles around the middle of a scene, of about its own resolution and somewhat finer. */
function tilesOf(each: UnseenCase): TileAddress[] {
  const zoom = Math.ceil(Math.log2(equator / 256 / mercatorSize(each)));
  return [zoom, zoom + 1].map((z) => matrixSet.tileAt(each.center[0], each.center[1], z));
}

describeWith(python, 'python3 with numpy and rasterio', 'scenes that were never seen before', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-unseen-'));
  let files: Record<string, MadeFile>;
  let server: TestServer;
  let remote: TestServer;
  let web: Awaited<ReturnType<typeof serveFolder>>;
  let count = 0;

  beforeAll(async () => {
    mkdirSync(join(folder, 'files'));
    files = run('make', { folder: join(folder, 'files'), cases: unseenCases });
    const collections = unseenCases.map((each) => writeUnseen(folder, each, files));
    web = await serveFolder(folder);
    server = await startServer({ collections: collections.map((path) => join(folder, path)) });
    remote = await startServer({ collections: collections.map((path) => `${web.url}/${path}`) });
  });

  afterAll(async () => {
    await server?.stop();
    await remote?.stop();
    await web?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const sourcesOf = (each: UnseenCase): Source[] =>
    Object.entries(each.files).flatMap(([file, bands]) =>
      bands.map((_, index) => ({
        path: join(folder, 'files', file),
        band: index + 1,
        ...(each.fileNodata === false && {
          nodata: Number(each.nodata),
          scale: each.scale,
          offset: each.offset,
        }),
      })),
    );

  async function save(response: Response): Promise<string> {
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    expect(response.headers.get('content-type')).toMatch(/^image\/tiff/);
    const path = join(folder, `result-${count++}.tif`);
    writeFileSync(path, Buffer.from(await response.arrayBuffer()));
    return path;
  }

  const result = async (process_graph: Json, on = server) =>
    save(await on.call('POST', '/result', { process: { process_graph } }));

  async function service(process_graph: Json, on = server): Promise<string> {
    const created = await on.call('POST', '/services', { type: 'xyz', process: { process_graph } });
    if (created.status !== 201) throw new Error(await created.text());
    return created.headers.get('openeo-identifier')!;
  }

  const tile = async (id: string, { z, x, y }: TileAddress, on = server) =>
    save(await on.call('GET', `/services/xyz/${id}/tiles/${z}/${x}/${y}`));

  /** Scaled values are real numbers; all others keep the type and the no-data value of the file. */
  function expectMeaning(each: UnseenCase, found: Compared): void {
    const isScaled = each.scale !== undefined;
    expect(found.dtypes).toEqual([isScaled ? 'float32' : each.dtype]);
    if (isScaled) expect(found.nodata).toBe('nan');
    else if (each.nodata === undefined) expect(found.nodata).toMatch(/^(None|0\.0|255\.0)$/);
    else expect(Number(found.nodata)).toBe(Number(each.nodata));
    expect(found.bands).toBe(Object.values(each.files).flat().length);
  }

  test.each(unseenCases.map((each) => [each.name, each] as const))(
    '%s: tiles, results and warped results are those of rasterio',
    async (_, each) => {
      const sources = sourcesOf(each);
      const load = collection(each.name);
      const id = await service(graph(load));
      const tiles = tilesOf(each);
      const size = mercatorSize(each);
      const warp = (resolution: number, method: string) =>
        result(graph(load, { projection: 3857, resolution, method }));
      const [native, near, bilinear, smaller, ...drawn] = run<Compared[]>('compare', {
        results: [
          { result: await result(graph(load)), sources },
          { result: await warp(size * 0.83, 'near'), sources },
          { result: await warp(size * 0.83, 'bilinear'), sources, resampling: 'bilinear' },
          { result: await warp(size * 3.3, 'bilinear'), sources, resampling: 'bilinear' },
          ...(await Promise.all(
            tiles.map(async (address) => ({ result: await tile(id, address), sources })),
          )),
        ],
      });

      const made = files[Object.keys(each.files)[0]];
      expect(native.crs).toBe(each.epsg);
      expect(native.transform).toEqual(made.transform.map((value) => expect.closeTo(value, 9)));
      expect(native.size).toEqual([...made.shape].reverse());
      expect(Math.max(...native.differing)).toBe(0);

      tiles.forEach((address, index) => {
        const { originX, originY, resX } = matrixSet.grid(address, 256);
        const { transform, crs, size: found } = drawn[index];
        expect([crs, ...found]).toEqual([3857, 256, 256]);
        [resX, 0, originX, 0, -resX, originY].forEach((value, position) => {
          expect(Math.abs(transform[position] - value)).toBeLessThan(resX * 1e-6);
        });
      });
      for (const compared of [native, near, bilinear, smaller, ...drawn]) expectMeaning(each, compared);
      for (const compared of [near, ...drawn]) {
        expect(Math.max(...compared.differing)).toBeLessThanOrEqual(0.005);
        expect(Math.min(...compared.share)).toBeGreaterThan(0.5);
      }
      expect(Math.max(...bilinear.mean)).toBeLessThan(1e-4);
      expect(Math.max(...bilinear.missing)).toBeLessThan(0.005);
      // GDAL measures the scale of a whole chunk of the picture and we that of its parts.
      expect(Math.max(...smaller.mean)).toBeLessThan(0.003);
      expect(Math.max(...smaller.missing)).toBeLessThan(0.005);
    },
    60_000,
  );

  test.each(unseenCases.map((each) => [each.name, each] as const))(
    '%s: on a web server it is the same, loaded by name or by its address',
    async (_, each) => {
      const [address] = tilesOf(each);
      const load = collection(each.name);
      const entry = each.metadata === 'catalog' ? 'catalog.json' : 'item.json';
      const stac = {
        process_id: 'load_stac',
        arguments: { url: `${web.url}/${each.name}/${entry}`, spatial_extent: null, temporal_extent: null },
      };
      const before = web.requests.length;
      const [wanted, ...found] = await Promise.all([
        service(graph(load)).then(async (id) => tile(id, address)),
        service(graph(load), remote).then(async (id) => tile(id, address, remote)),
        service(graph(stac), remote).then(async (id) => tile(id, address, remote)),
      ]);
      for (const path of found) expect(readFileSync(path).equals(readFileSync(wanted))).toBe(true);
      const read = web.requests.slice(before).filter((request) => request.includes('.tif'));
      expect(read.length).toBeGreaterThan(0);
      expect(read.filter((request) => request.endsWith('whole'))).toEqual([]);
    },
  );

  test('an address on a host that is not allowed is refused', async () => {
    const url = `${web.url}/laea/collection.json`;
    const load = {
      process_id: 'load_stac',
      arguments: { url, spatial_extent: null, temporal_extent: null },
    };
    const requests = web.requests.length;
    const response = await server.call('POST', '/result', { process: { process_graph: graph(load) } });
    expect(await response.json()).toMatchObject({ code: 'HostNotAllowed' });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(web.requests.length).toBe(requests);
  });
});

const imagery = sharedFolder && join(sharedFolder, 'data', 's2-bolzano');

describeWith(
  python && imagery,
  'python3 with numpy and rasterio, or the imagery beside the repository',
  'real imagery given by its collection alone',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'tilegraph-imagery-'));
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer({ collections: [join(imagery!, 'collection.json')] });
    });
    afterAll(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    test('NDVI as a tile and as a result is that of rasterio', async () => {
      const process_graph = {
        load: {
          process_id: 'load_collection',
          arguments: {
            id: 'SENTINEL2_L2A_BOLZANO',
            spatial_extent: null,
            temporal_extent: null,
            bands: ['B04', 'B08'],
          },
        },
        ndvi: { process_id: 'ndvi', arguments: { data: { from_node: 'load' } } },
        reduce: {
          process_id: 'reduce_dimension',
          arguments: { data: { from_node: 'ndvi' }, dimension: 't', reducer: first },
        },
        save: saved('reduce'),
      };
      const process = { process_graph };
      const created = await server.call('POST', '/services', { type: 'xyz', process });
      const { z, x, y } = matrixSet.tileAt(11.34, 46.49, 14);
      const path = `/services/xyz/${created.headers.get('openeo-identifier')}/tiles/${z}/${x}/${y}`;
      const answers = [await server.call('POST', '/result', { process }), await server.call('GET', path)];
      const sources = ['B04', 'B08'].map((band) => ({
        path: join(imagery!, 'S2_L2A_20220612', `${band}.tif`),
        band: 1,
      }));
      const results = await Promise.all(
        answers.map(async (answer, index) => {
          expect(answer.status).toBe(200);
          const result = join(folder, `${index}.tif`);
          writeFileSync(result, Buffer.from(await answer.arrayBuffer()));
          return { result, sources, isIndex: true };
        }),
      );
      const [result, tile] = run<Compared[]>('compare', { results });
      expect(result).toMatchObject({ crs: 32632, transform: [10, 0, 674990, 0, -10, 5154960] });
      expect(result.size).toEqual([935, 705]);
      expect(result.differing[0]).toBe(0);
      expect(tile).toMatchObject({ crs: 3857, size: [256, 256], nodata: 'nan', dtypes: ['float32'] });
      expect(tile.differing[0]).toBeLessThanOrEqual(0.005);
      expect(tile.share[0]).toBeGreaterThan(0.9);
    });
  },
);

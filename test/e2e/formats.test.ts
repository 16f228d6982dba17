import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listen } from '../support/listen';
import { sendRange } from '../support/ranges';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';
import { describeWith, pythonWith } from '../support/tools';

jest.setTimeout(180_000);

/** The distribution's own, which brings GDAL's drivers for pictures and tables. */
const gdal = pythonWith('osgeo.gdal', 'numpy');

/** Files of a web server. */
const files = new Map<string, Buffer>();
let web: Server;
let origin: string;
let server: TestServer;
let folder: string;
beforeAll(async () => {
  web = createServer((request, response) => sendRange(files.get(request.url ?? ''), request, response));
  const port = await listen(web);
  origin = `http://127.0.0.1:${port}`;
  server = await startServer({
    collections: [await sampleCollection()],
    allowedHosts: [`127.0.0.1:${port}`],
  });
  folder = await mkdtemp(join(tmpdir(), 'formats-'));
});
afterAll(async () => {
  await server?.stop();
  web?.close();
  web?.closeAllConnections();
  if (folder) await rm(folder, { recursive: true });
});

const from = (from_node: string) => ({ from_node });
const param = (from_parameter: string) => ({ from_parameter });
const callback = (process_id: string, args: object) => ({
  process_graph: { c: { process_id, arguments: args, result: true } },
});

/** 22 × 23 pixels of three bands with values from 0 to 250, some of them missing. */
const pixels = {
  load: {
    process_id: 'load_collection',
    arguments: {
      id: 'TILEGRAPH_SAMPLE',
      spatial_extent: { west: 675420, south: 5290130, east: 675640, north: 5290360, crs: 32632 },
      temporal_extent: ['2024-06-22', '2024-06-23'],
      bands: ['B04', 'B03', 'B02'],
    },
  },
  day: {
    process_id: 'reduce_dimension',
    arguments: { data: from('load'), dimension: 't', reducer: callback('first', { data: param('data') }) },
  },
  cube: {
    process_id: 'apply',
    arguments: {
      data: from('day'),
      process: {
        process_graph: {
          stretch: {
            process_id: 'linear_scale_range',
            arguments: { x: param('x'), inputMin: 0, inputMax: 1, outputMax: 250 },
          },
          whole: { process_id: 'int', arguments: { x: from('stretch') }, result: true },
        },
      },
    },
  },
};
const shapes = {
  cube: {
    process_id: 'load_geojson',
    arguments: {
      data: {
        type: 'FeatureCollection',
        features: [
          [11, 'one', 1.5],
          [12, 'two', null],
        ].map(([west, id, n]) => ({
          type: 'Feature',
          id,
          properties: { n },
          geometry: { type: 'Point', coordinates: [west, 46.5] },
        })),
      },
      properties: ['n'],
    },
  },
};
const bounds = [675420, 5290130, 675640, 5290360];
const place = { bounds, crs: 32632 };

interface Saved {
  readonly dimensions: Readonly<Record<string, { readonly values?: readonly unknown[] }>>;
  readonly order: readonly string[];
  readonly data: unknown;
}

async function saved(graph: object, format: string, options: object): Promise<Buffer> {
  const save = {
    process_id: 'save_result',
    arguments: { data: from('cube'), format, options },
    result: true,
  };
  const answer = await server.call('POST', '/result', { process: { process_graph: { ...graph, save } } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${format}: ${bytes.toString()}`);
  return bytes;
}

async function cubeOf(graph: object): Promise<Saved> {
  return JSON.parse((await saved(graph, 'JSON', {})).toString()) as Saved;
}

/** A format with what it is asked for, and the options that its file is loaded with. */
interface Trip {
  readonly format: string;
  readonly graph: object;
  readonly write?: object;
  readonly read?: object;
  /** How far values may be off. */
  readonly tolerance?: number;
}

const trips: readonly Trip[] = [
  { format: 'GTiff', graph: pixels },
  { format: 'netCDF', graph: pixels },
  { format: 'Zarr', graph: pixels },
  { format: 'PNG', graph: pixels, read: place },
  { format: 'JPEG', graph: pixels, write: { quality: 100 }, read: place, tolerance: 12 },
  { format: 'WEBP', graph: pixels, write: { lossless: true }, read: place },
  { format: 'JSON', graph: pixels },
  { format: 'CSV', graph: pixels, read: { crs: 32632 } },
  { format: 'Parquet', graph: pixels },
  { format: 'CovJSON', graph: pixels },
  { format: 'GeoJSON', graph: shapes, read: { properties: ['n'] } },
];

test('every output format makes the trip', async () => {
  const answer = await server.call('GET', '/file_formats');
  const { input, output } = (await answer.json()) as Record<'input' | 'output', object>;
  expect(trips.map(({ format }) => format).sort()).toEqual(Object.keys(output).sort());
  expect(Object.keys(input).sort()).toEqual(Object.keys(output).sort());
});

/** Labels of x and y to a millimeter: they are sums of a corner and of steps. */
function rounded(labels: readonly unknown[] | undefined): unknown {
  return labels?.map((label) => (typeof label === 'number' ? Math.round(label * 1000) / 1000 : label));
}

test.each(trips.map((trip) => [trip.format, trip] as const))(
  '%s saved, uploaded or published, and loaded has the same values at the same place',
  async (format, { graph, write = {}, read = {}, tolerance = 0 }) => {
    const bytes = await saved(graph, format, write);
    const name = `trip.${format}`;
    const put = await fetch(`${server.api}/files/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await server.login('admin', 'correct horse battery')}` },
      body: new Uint8Array(bytes),
    });
    expect(put.status).toBe(200);
    files.set(`/${name}`, bytes);
    const expected = await cubeOf(graph);
    const values = [expected.data].flat(5);
    expect(values.length).toBe(graph === pixels ? 3 * 22 * 23 : 2);
    for (const load of [
      { process_id: 'load_uploaded_files', arguments: { paths: [name], format, options: read } },
      { process_id: 'load_url', arguments: { url: `${origin}/${name}`, format, options: read } },
    ]) {
      const loaded = await cubeOf({ cube: load });
      for (const axis of graph === pixels ? ['x', 'y'] : ['geometry'])
        expect([axis, rounded(loaded.dimensions[axis]?.values)]).toEqual([
          axis,
          rounded(expected.dimensions[axis].values),
        ]);
      const found = [loaded.data].flat(5) as (number | null)[];
      expect(found).toHaveLength(values.length);
      if (tolerance === 0) expect(found).toEqual(values);
      else
        found.forEach((value, at) => {
          // What is missing has the colour of the background.
          if (values[at] !== null) expect(Math.abs(value! - (values[at] as number))).toBeLessThan(tolerance);
        });
    }
  },
);

/** What GDAL finds: of pictures size, number of bands and values, of tables and features their fields. */
const inspect = `
import json, sys
from osgeo import gdal, ogr
gdal.UseExceptions(); ogr.UseExceptions()
out = {}
for path in sys.argv[1:]:
    if path.split('.')[-1] in ('csv', 'geojson'):
        layer = (source := ogr.Open(path)).GetLayer(0)
        out[path] = [{**f.items(), 'wkt': f.geometry() and f.geometry().ExportToWkt()} for f in layer]
    else:
        d = gdal.Open(path)
        out[path] = dict(driver=d.GetDriver().ShortName, size=[d.RasterXSize, d.RasterYSize], values=d.ReadAsArray().astype(float).tolist())
json.dump(out, sys.stdout)
`;

describeWith(gdal, 'python3 with GDAL', 'what GDAL reads', () => {
  async function opened(graph: object, format: string, options: object, extension: string) {
    const path = join(folder, `result.${extension}`);
    await writeFile(path, await saved(graph, format, options));
    const { stdout } = await promisify(execFile)(gdal!, ['-W', 'ignore', '-c', inspect, path], {
      maxBuffer: 1 << 26,
    });
    return (JSON.parse(stdout) as Record<string, unknown>)[path];
  }

  test.each([
    ['PNG', {}, 'png', 0],
    ['JPEG', { quality: 100 }, 'jpg', 12],
    ['WEBP', { lossless: true }, 'webp', 0],
  ])('of %s is the picture, pixel by pixel', async (format, options, extension, tolerance) => {
    const found = (await opened(pixels, format, options, extension)) as {
      size: number[];
      values: number[][][];
    };
    const expected = (await cubeOf(pixels)).data as (number | null)[][][];
    expect(found).toMatchObject({ driver: format === 'WEBP' ? 'WEBP' : format, size: [22, 23] });
    expected.flat(2).forEach((value, at) => {
      const difference = value === null ? 0 : Math.abs(found.values.flat(2)[at] - value);
      expect(difference).toBeLessThanOrEqual(tolerance);
    });
  });

  test('of GeoJSON are features with their properties', async () => {
    expect(await opened(shapes, 'GeoJSON', {}, 'geojson')).toMatchObject([
      { n: 1.5, wkt: 'POINT (11.0 46.5)' },
      { n: null, wkt: 'POINT (12.0 46.5)' },
    ]);
  });

  test('of CSV are the rows', async () => {
    const rows = (await opened(pixels, 'CSV', {}, 'csv')) as Record<string, string>[];
    const [first] = (await cubeOf(pixels)).data as number[][][];
    expect(rows.map((row) => Number(row['B04']))).toEqual(first.flat());
    expect(rows[0]).toMatchObject({ x: '675425', y: '5290355' });
  });
});

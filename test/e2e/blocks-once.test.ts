import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveFile } from '../raster/support/server';
import { tinyTiff } from '../raster/support/tiny-tiff';
import type { Json } from '../support/api';
import { eventually } from '../support/process';
import { startServer, type TestServer } from '../support/server';

const block = 256;
const across = 12;
/** Blocks lie from the eighth byte of the file on, as they are; requests that leave one out are never joined. */
const blockBytes = block * block;
const scene = tinyTiff({ width: across * block, height: across * block, block, isPlain: true });

let server: TestServer;
let file: Awaited<ReturnType<typeof serveFile>>;
let folder: string;
beforeAll(async () => {
  file = await serveFile(scene);
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-blocks-'));
  const bbox = [9, 44, 12, 46];
  const start = '2024-06-01T00:00:00Z';
  // Each graph has an address of its own, so that nothing of the file is kept.
  const collections = names.map((id) => {
    const item = {
      ...{
        type: 'Feature',
        stac_version: '1.0.0',
        id: 'scene',
        collection: id,
        geometry: null,
        bbox,
        links: [],
      },
      properties: { datetime: start },
      assets: {
        data: { href: `${file.url}&${id}`, type: 'image/tiff', roles: ['data'], 'eo:bands': [{ name: 'B' }] },
      },
    };
    const collection = {
      ...{ type: 'Collection', stac_version: '1.0.0', id, description: 'One scene', license: 'CC0-1.0' },
      extent: { spatial: { bbox: [bbox] }, temporal: { interval: [[start, null]] } },
      links: [{ rel: 'item', href: `./${id}-item.json` }],
    };
    writeFileSync(join(folder, `${id}-item.json`), JSON.stringify(item));
    writeFileSync(join(folder, `${id}.json`), JSON.stringify(collection));
    return join(folder, `${id}.json`);
  });
  server = await startServer({
    collections,
    allowedHosts: [new URL(file.url).host],
    workers: 2,
    // A quarter of it is the threads': room for 40 blocks each, of the 144 that the result lies in.
    blockCache: 4 * 2 * 40 * blockBytes,
  });
}, 60_000);
beforeEach(() => server.application.threads.warm(), 60_000);
afterAll(async () => {
  await server?.stop();
  await file?.close();
  rmSync(folder, { recursive: true, force: true });
});

const node = (process_id: string, args: Json, rest: Json = {}) => ({ process_id, arguments: args, ...rest });
const from = (from_node: string) => ({ from_node });
const result = { result: true };
/** Begins and ends in the middle of blocks. */
const side = (across - 1) * block;
const load = {
  spatial_extent: {
    ...{ west: 600000 + 1000, north: 5000000 - 700, crs: 32632 },
    ...{ east: 600000 + 1000 + side * 10, south: 5000000 - 700 - side * 10 },
  },
  temporal_extent: null,
};
const first = node('reduce_dimension', {
  ...{ data: from('load'), dimension: 't' },
  reducer: { process_graph: { r: node('first', { data: { from_parameter: 'data' } }, result) } },
});
const kernel = [
  [1, 2, 1],
  [2, 4, 2],
  [1, 2, 1],
];
const save = (data: string, format: string, options: Json = {}) =>
  node('save_result', { data: from(data), format, options: { ...options } }, result);

const graphs: Readonly<Record<string, Json>> = {
  'a GeoTIFF with overviews': { first, save: save('first', 'GTiff', { tile_size: 256 }) },
  'a GeoTIFF of smaller tiles': { first, save: save('first', 'GTiff', { tile_size: 128 }) },
  'a PNG': { first, save: save('first', 'PNG') },
  'a netCDF file': { first, save: save('first', 'netCDF') },
  'a Zarr archive': { first, save: save('first', 'Zarr') },
  'a kernel, whose windows overlap': {
    first,
    blur: node('apply_kernel', { data: from('first'), kernel, factor: 1 / 16 }),
    save: save('blur', 'GTiff', { tile_size: 256 }),
  },
  'a coarser grid': {
    first,
    coarse: node('resample_spatial', { data: from('first'), resolution: 15, method: 'bilinear' }),
    save: save('coarse', 'GTiff', { tile_size: 256 }),
  },
};

const names = [...Object.keys(graphs).map((_, index) => `C${index}`), 'WHOLE', 'LOST0', 'LOST1'];

/** What opening the file reads begins elsewhere. */
const isOfBlocks = (start: number) => (start - 8) % blockBytes === 0;

/** How often the bytes of each block of the scene were asked for. */
function readsOfBlocks(): Map<number, number> {
  const reads = new Map<number, number>();
  for (const [start, end] of file.ranges) {
    if (!isOfBlocks(start)) continue;
    for (let index = (start - 8) / blockBytes; 8 + index * blockBytes < end; index++)
      reads.set(index, (reads.get(index) ?? 0) + 1);
  }
  return reads;
}

async function resultOf(id: string, graph: Json): Promise<Buffer> {
  file.ranges.length = 0;
  const process_graph = { load: node('load_collection', { id, ...load }), ...graph };
  const response = await server.call('POST', '/result', { process: { process_graph } });
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(body.toString());
  return body;
}

describe('two threads read each block of a source once for', () => {
  test.each(Object.keys(graphs).map((name, index) => [name, names[index]]))(
    '%s',
    async (name, id) => {
      const before = server.application.threads.reads;
      await resultOf(id, graphs[name]);
      expect(server.application.threads.reads).toBeGreaterThan(before);
      const reads = readsOfBlocks();
      expect(reads.size).toBe(across * across);
      expect([...reads.values()].filter((count) => count > 1)).toEqual([]);
    },
    120_000,
  );
});

describe('a thread that ends while another waits for its blocks', () => {
  const graph = graphs['a kernel, whose windows overlap'];
  let expected: Buffer;
  beforeAll(async () => {
    await server.application.threads.warm();
    expected = await resultOf('WHOLE', graph);
  }, 120_000);

  // Whichever it is: the block in the middle of the first four windows is made by one and waited for by the other.
  test.each([0, 1])(
    'leaves them to that one: %i',
    async (index) => {
      const gate = Promise.withResolvers<void>();
      file.behaviour.gate = (start) => (isOfBlocks(start) ? gate.promise : undefined);
      const answer = resultOf(`LOST${index}`, graph);
      try {
        await eventually(() => expect(readsOfBlocks().size).toBe(9), 60_000);
        const lost = server.application.threads.threads[index];
        await lost.worker.terminate();
        expect(server.application.threads.threads.includes(lost)).toBe(false);
      } finally {
        file.behaviour.gate = undefined;
        gate.resolve();
      }
      expect((await answer).equals(expected)).toBe(true);
    },
    180_000,
  );
});

// Peak memory of a server while it computes NDVI of a square as one GeoTIFF: large results against small ones, each
// on a server of its own. Peaks are of the process with all of its threads.
//   node test/bench/memory.cjs [--dist folder] [--sizes 5000,20000] [--threads 2]
// Makes a scene of 20,480² pixels (500 MB) under .tools/bench/ where it is missing.
const path = require('node:path');
const { largeCollection } = require('./support/scene.cjs');
const { startServer } = require('./support/server.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    sizes: { type: 'string', default: '5000,20000' },
    threads: { type: 'string' },
  },
});
const numbers = (text) => text.split(',').map(Number);
const collection = largeCollection();
const node = (process_id, args, rest) => ({ process_id, arguments: args, ...rest });
const from = (from_node) => ({ from_node });

function graphOf(size) {
  const [west, north] = [301000, 5299000];
  const spatial_extent = { west, north, east: west + size * 10, south: north - size * 10, crs: 32633 };
  return {
    load: node('load_collection', { id: 'BENCH', spatial_extent, temporal_extent: null }),
    ndvi: node('ndvi', { data: from('load'), nir: 'B4', red: 'B3' }),
    time: node('reduce_dimension', {
      data: from('ndvi'),
      dimension: 't',
      reducer: {
        process_graph: { first: node('first', { data: { from_parameter: 'data' } }, { result: true }) },
      },
    }),
    save: node(
      'save_result',
      { data: from('time'), format: 'GTiff', options: { level: 1 } },
      { result: true },
    ),
  };
}

async function peakOf(size, environment) {
  const server = await startServer(options.dist, {
    TILEGRAPH_COLLECTIONS: collection,
    TILEGRAPH_LIMIT_PIXELS: '1000000000',
    TILEGRAPH_LIMIT_SECONDS: '3600',
    ...environment,
  });
  try {
    const idle = server.peakMiB();
    const started = performance.now();
    const response = await server.call('POST', '/result', { process: { process_graph: graphOf(size) } });
    let bytes = 0;
    for await (const chunk of response.body) bytes += chunk.length;
    return { idle, peak: server.peakMiB(), bytes, seconds: (performance.now() - started) / 1000 };
  } finally {
    await server.stop();
  }
}

async function main() {
  console.log(
    '| pixels | peak MiB | idle MiB | against the first | file MB | s |\n|---|---|---|---|---|---|',
  );
  let first;
  for (const size of numbers(options.sizes)) {
    const { idle, peak, bytes, seconds } = await peakOf(
      size,
      options.threads && { TILEGRAPH_WORKERS: options.threads },
    );
    first ??= peak;
    const row = [
      `${size}²`,
      peak.toFixed(0),
      idle.toFixed(0),
      (peak / first).toFixed(2),
      (bytes / 1e6).toFixed(0),
      seconds.toFixed(1),
    ];
    console.log(`| ${row.join(' | ')} |`);
  }
}

main();

// NDVI tiles through HTTP: what the server spends per tile, from the request to the PNG, against rio-tiler doing the
// same read, expression, colours and PNG in process. Compared is CPU time of all threads; ratios count.
//   node test/bench/tiles.cjs [--dist folder] [--passes 5] [--viewports 3] [--rows cold,warm,finished]
const { execFileSync } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { addresses } = require('./support/addresses.cjs');
const { benchCollection, benchScene, python } = require('./support/scene.cjs');
const { startServer } = require('./support/server.cjs');

const { values: options } = require('node:util').parseArgs({
  options: {
    dist: { type: 'string', default: path.join(__dirname, '../../dist') },
    passes: { type: 'string', default: '5' },
    viewports: { type: 'string', default: '3' },
    rows: { type: 'string', default: 'cold,warm,finished' },
  },
});
const passes = Number(options.passes);
const { tileMatrixSet } = require(path.join(options.dist, 'src/geo/tile-matrix-set.js'));

const node = (id) => ({ from_node: id });
const reducer = {
  process_graph: {
    first: { process_id: 'first', arguments: { data: { from_parameter: 'data' } }, result: true },
  },
};
const graph = {
  load: {
    process_id: 'load_collection',
    arguments: { id: 'BENCH', spatial_extent: null, temporal_extent: null, bands: ['B3', 'B4'] },
  },
  day: { process_id: 'reduce_dimension', arguments: { data: node('load'), dimension: 't', reducer } },
  ndvi: { process_id: 'ndvi', arguments: { data: node('day') } },
  colours: { process_id: 'colormap', arguments: { data: node('ndvi'), palette: 'rdylgn', min: -1, max: 1 } },
  save: { process_id: 'save_result', arguments: { data: node('colours'), format: 'PNG' }, result: true },
};

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function get(url) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent }, (response) => {
        let bytes = 0;
        response.on('data', (chunk) => (bytes += chunk.length));
        response.on('end', () =>
          response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${response.statusCode}`)),
        );
      })
      .on('error', reject);
  });
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** CPU milliseconds per tile, the median of passes after a first one, and the peak of memory. */
async function measure(tiles, caches) {
  const server = await startServer(options.dist, { TILEGRAPH_COLLECTIONS: benchCollection(), ...caches });
  try {
    const made = await server.call('POST', '/services', {
      type: 'xyz',
      process: { process_graph: graph },
      configuration: { scope: 'public' },
    });
    const base = `${server.url}/openeo/1.2/services/xyz/${made.headers.get('openeo-identifier')}/tiles`;
    const costs = [];
    for (let pass = 0; pass <= passes; pass++) {
      const before = server.cpuMs();
      for (const { z, x, y } of tiles) await get(`${base}/${z}/${x}/${y}`);
      if (pass > 0) costs.push((server.cpuMs() - before) / tiles.length);
    }
    return { cost: median(costs), peak: server.peakMiB() };
  } finally {
    await server.stop();
  }
}

function rioTiler(tiles, mode) {
  const input = JSON.stringify({
    file: benchScene(),
    tiles: tiles.map(({ z, x, y }) => [z, x, y]),
    resampling: 'nearest',
    mode,
    passes,
  });
  return JSON.parse(execFileSync(python, [path.join(__dirname, 'support/rio_tiles.py')], { input }));
}

async function main() {
  const tiles = addresses(tileMatrixSet('WebMercatorQuad'), Number(options.viewports));
  const rows = options.rows.split(',');
  const off = { TILEGRAPH_TILE_CACHE: '0' };
  const settings = {
    cold: { ...off, TILEGRAPH_BLOCK_CACHE: '0' },
    warm: { ...off, TILEGRAPH_BLOCK_CACHE: '2GiB' },
    finished: {},
  };
  const ours = {};
  for (const row of rows) ours[row] = await measure(tiles, settings[row]);
  const open = rioTiler(tiles, 'open');
  const kept = rows.includes('warm') ? rioTiler(tiles, 'keep') : undefined;
  console.log(
    `${tiles.length} NDVI tiles of 256 pixels, zoom 12 to 14, through HTTP/1.1, CPU ms per tile, median of ${passes} passes\n`,
  );
  console.log(
    '| Tilegraph, through HTTP | CPU ms | peak MiB | rio-tiler, in process | CPU ms | ratio |\n|---|---|---|---|---|---|',
  );
  for (const [row, what, how, other] of [
    ['cold', 'no block kept', 'opened per tile', open],
    ['warm', 'blocks warm', 'opened per tile', open],
    ['warm', 'blocks warm', 'kept open, numpy, PNG level 1', kept],
    ['finished', 'finished tiles kept', 'opened per tile', open],
  ]) {
    if (!ours[row]) continue;
    const { cost, peak } = ours[row];
    console.log(
      `| ${what} | ${cost.toFixed(2)} | ${peak.toFixed(0)} | ${how} | ${other.toFixed(1)} | ${(other / cost).toFixed(1)} |`,
    );
  }
  agent.destroy();
}

main();

// How long others wait while one request is heavy: /healthz asked every 5 ms by another process, the longest and the
// 99th percentile of its answers, with the threads that a server has by default.
//   node test/bench/stalls.cjs [--dist folder] [--only words,of,names]
const { fork } = require('node:child_process');
const path = require('node:path');

if (process.argv[2] === 'ask') {
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times = [];
  let isOver = false;
  process.on('message', () => {
    isOver = true;
  });
  const ask = () => {
    const start = performance.now();
    http.get(`${process.argv[3]}/healthz`, { agent }, (response) => {
      response.resume().on('end', () => {
        times.push(performance.now() - start);
        if (!isOver) return setTimeout(ask, 5);
        times.sort((one, other) => one - other);
        process.send({
          most: times.at(-1),
          p99: times[Math.floor(times.length * 0.99)],
          count: times.length,
        });
        process.disconnect();
        agent.destroy();
      });
    });
  };
  ask();
} else main();

async function main() {
  const { benchCollection } = require('./support/scene.cjs');
  const { startServer } = require('./support/server.cjs');
  const { values: options } = require('node:util').parseArgs({
    options: {
      dist: { type: 'string', default: path.join(__dirname, '../../dist') },
      only: { type: 'string', default: '' },
    },
  });
  const server = await startServer(options.dist, {
    TILEGRAPH_COLLECTIONS: benchCollection(),
    TILEGRAPH_LIMIT_PIXELS: '1000000000',
    TILEGRAPH_LIMIT_SECONDS: '600',
    TILEGRAPH_LIMIT_BODY: String(64 << 20),
  });
  const node = (process_id, args) => ({ process_id, arguments: args });
  const from = (from_node) => ({ from_node });
  const data = { from_parameter: 'data' };
  const x = { from_parameter: 'x' };
  const callback = (process_id, args) => ({
    process_graph: { one: { ...node(process_id, args), result: true } },
  });
  const [west, north] = [500000, 5300000];
  const load = (size, bands) =>
    node('load_collection', {
      id: 'BENCH',
      spatial_extent: { west, north, east: west + size * 10, south: north - size * 10, crs: 32633 },
      temporal_extent: null,
      bands,
    });
  const { parseCrs, transformer, wgs84 } = require(path.join(options.dist, 'src/geo/crs.js'));
  const { forward } = transformer(parseCrs(32633), wgs84);
  const square = (column, row, size) => {
    const [left, top] = [west + column, north - row];
    const [right, bottom] = [left + size, top - size];
    const corners = [left, top, right, top, right, bottom, left, bottom, left, top];
    return [0, 2, 4, 6, 8].map((at) => forward(corners[at], corners[at + 1]));
  };
  const polygons = {
    type: 'FeatureCollection',
    features: Array.from({ length: 500 }, (_, index) => ({
      type: 'Feature',
      properties: { id: index },
      geometry: {
        type: 'Polygon',
        coordinates: [square((index % 25) * 1600, Math.floor(index / 25) * 2000, 1500)],
      },
    })),
  };
  const upload = async (name, content) => {
    const response = await fetch(`${server.url}/openeo/1.2/files/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${server.token}` },
      body: content,
    });
    if (!response.ok) throw new Error(await response.text());
  };
  const rows = Array.from(
    { length: 1_000_000 },
    (_, index) => `${index % 1000},${Math.floor(index / 1000)},${index / 7}`,
  );
  await upload('million.csv', `x,y,value\n${rows.join('\n')}\n`);
  const place = (index) => ({
    type: 'Point',
    coordinates: [10 + (index % 1000) / 1000, 46 + Math.floor(index / 1000) / 1000],
  });
  const features = Array.from({ length: 100_000 }, (_, index) => ({
    type: 'Feature',
    properties: { id: index, v: index / 3 },
    geometry: place(index),
  }));
  await upload('features.json', JSON.stringify({ type: 'FeatureCollection', features }));
  const uploaded = (name, format, rest = {}) =>
    node('load_uploaded_files', { paths: [name], format, options: rest });
  const makeParquet = {
    load: uploaded('million.csv', 'CSV', { crs: 32633 }),
    save: node('save_result', { data: from('load'), format: 'Parquet' }),
  };
  const result = async (graph) => {
    const process_graph = { ...graph };
    const last = Object.keys(process_graph).at(-1);
    process_graph[last] = { ...process_graph[last], result: true };
    return await server.call('POST', '/result', { process: { process_graph } });
  };
  const drain = async (response) => {
    let bytes = 0;
    for await (const chunk of response.body) bytes += chunk.length;
    return bytes;
  };
  const parquet = await result(makeParquet);
  await upload('million.parquet', Buffer.from(await parquet.arrayBuffer()));
  const save = (input, format) => node('save_result', { data: from(input), format });
  const scale = (input) =>
    node('apply', {
      data: from(input),
      process: callback('linear_scale_range', { x, inputMin: 0, inputMax: 10000 }),
    });
  const cases = {
    'zonal statistics, 4,000² and 500 polygons': {
      load: load(4000, ['B3', 'B4']),
      zones: node('aggregate_spatial', {
        data: from('load'),
        geometries: polygons,
        reducer: callback('median', { data }),
      }),
      save: save('zones', 'CSV'),
    },
    'GTiff of 46 million pixels': {
      load: load(6800, ['B3']),
      scale: scale('load'),
      save: save('scale', 'GTiff'),
    },
    'median over bands, 4,000²': {
      load: load(4000, ['B1', 'B2', 'B3', 'B4']),
      reduce: node('reduce_dimension', {
        data: from('load'),
        dimension: 'bands',
        reducer: callback('median', { data }),
      }),
      save: save('reduce', 'GTiff'),
    },
    'sort of bands, 2,000²': {
      load: load(2000, ['B1', 'B2', 'B3', 'B4']),
      sort: node('apply_dimension', {
        data: from('load'),
        dimension: 'bands',
        process: callback('sort', { data, nodata: true }),
      }),
      save: save('sort', 'GTiff'),
    },
    'neighbourhoods of 64, 2,000²': {
      load: load(2000, ['B3']),
      near: node('apply_neighborhood', {
        data: from('load'),
        process: callback('apply', {
          data: { from_parameter: 'data' },
          process: callback('multiply', { x, y: 2 }),
        }),
        size: [
          { dimension: 'x', value: 64, unit: 'px' },
          { dimension: 'y', value: 64, unit: 'px' },
        ],
        overlap: [],
      }),
      save: save('near', 'GTiff'),
    },
    'UDF over 1,000²': {
      load: load(1000, ['B3', 'B4']),
      udf: node('reduce_dimension', {
        data: from('load'),
        dimension: 'bands',
        reducer: callback('run_udf', {
          data,
          udf: 'function udf(data) {\n  return data[0] + data[1];\n}',
          runtime: 'JavaScript',
        }),
      }),
      save: save('udf', 'GTiff'),
    },
    'JSON of 5 million numbers': { load: load(2230, ['B3']), save: save('load', 'JSON') },
    'CSV of 1 million rows, loaded': {
      load: uploaded('million.csv', 'CSV', { crs: 32633 }),
      save: save('load', 'GTiff'),
    },
    'Parquet of 1 million rows, loaded': {
      load: uploaded('million.parquet', 'Parquet'),
      save: save('load', 'GTiff'),
    },
    '100,000 features to GeoJSON': {
      load: uploaded('features.json', 'GeoJSON', { properties: ['v'] }),
      save: save('load', 'GeoJSON'),
    },
    '100,000 features to Parquet': {
      load: uploaded('features.json', 'GeoJSON', { properties: ['v'] }),
      save: save('load', 'Parquet'),
    },
    '100,000 features, buffered': {
      load: uploaded('features.json', 'GeoJSON'),
      metres: node('vector_reproject', { data: from('load'), projection: 32632 }),
      near: node('vector_buffer', { geometries: from('metres'), distance: 10 }),
      save: save('near', 'GeoJSON'),
    },
  };
  // Some 6 MB of polygons in the graph itself.
  const ring = (index) =>
    Array.from({ length: 41 }, (_, corner) => {
      const angle = ((corner % 40) / 40) * 2 * Math.PI;
      const [x, y] = [15 + (index % 60) / 100, 47.5 + Math.floor(index / 60) / 200];
      return [x + Math.cos(angle) / 300, y + Math.sin(angle) / 400];
    });
  const circles = {
    type: 'FeatureCollection',
    features: Array.from({ length: 3600 }, (_, index) => ({
      type: 'Feature',
      properties: { id: index },
      geometry: { type: 'Polygon', coordinates: [ring(index)] },
    })),
  };
  Object.assign(cases, {
    'mask by 6 MB of polygons in the graph': {
      load: load(1000, ['B3']),
      mask: node('mask_polygon', { data: from('load'), mask: circles }),
      save: save('mask', 'GTiff'),
    },
    'zonal statistics, 6 MB of polygons in the graph': {
      load: load(1000, ['B3']),
      zones: node('aggregate_spatial', {
        data: from('load'),
        geometries: circles,
        reducer: callback('mean', { data }),
      }),
      save: save('zones', 'CSV'),
    },
    'load_geojson of 6 MB in the graph': {
      load: node('load_geojson', { data: circles }),
      save: save('load', 'GeoJSON'),
    },
  });
  console.log('| while | longest ms | 99 % ms | answers | s |\n|---|---|---|---|---|');
  for (const [name, graph] of Object.entries(cases)) {
    if (!options.only.split(',').some((word) => name.includes(word))) continue;
    const asker = fork(__filename, ['ask', server.url]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const start = performance.now();
    let outcome = '';
    try {
      await drain(await result(graph));
    } catch (error) {
      outcome = ` (${String(error.message).slice(0, 160)})`;
    }
    const seconds = (performance.now() - start) / 1000;
    const { most, p99, count } = await new Promise((resolve) => {
      asker.once('message', resolve);
      asker.send('stop');
    });
    console.log(
      `| ${name}${outcome} | ${most.toFixed(0)} | ${p99.toFixed(0)} | ${count} | ${seconds.toFixed(1)} |`,
    );
  }
  await server.stop();
}

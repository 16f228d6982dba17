// Makes one pyramid, and prints what it made: node pyramid-run.cjs DIST SOURCE FOLDER OPTIONS
const { createReadStream, linkSync, mkdirSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

// As the server has it, see src/cli/main.ts.
if (Number(process.versions.node.split('.')[0]) >= 24)
  require('node:v8').setFlagsFromString('--external-memory-accounted-in-global-limit');

const [dist, source, folder, options] = process.argv.slice(2);
const load = (file) => require(path.resolve(dist, 'src', file));
const { silentLogger: logger } = load('base/logger.js');
const { createHttpClient } = load('base/net.js');
const { createPyramids } = load('pyramid/pyramids.js');
const { createRasterReader } = load('raster/reader.js');
const { openObjectStore } = load('store/objects/open.js');

async function main() {
  mkdirSync(folder, { recursive: true });
  const s3 = { endpoint: process.env['BENCH_S3'], isPathStyle: true };
  const url = process.env['BENCH_S3'] ? 's3://bench' : pathToFileURL(path.join(folder, 'objects')).href;
  const objects = await openObjectStore(url, { logger, s3 });
  const http = createHttpClient({ allowedHosts: [], logger });
  const raster = createRasterReader({ http, logger });
  const limits = { pixels: 1e8, sourcePixels: 1e10 };
  const pyramids = createPyramids({ objects, raster, limits, scratchRoot: path.join(folder, 'scratch') });
  const { result } = await pyramids.generate(
    {
      kind: 'file',
      open: async () => createReadStream(source),
      // As an asset that lies in the object store's folder.
      link: async (to) => linkSync(source, to) === undefined,
    },
    JSON.parse(options),
    { prefix: 'out/', name: 'bench' },
    { signal: new AbortController().signal, logger, onStage() {} },
  );
  console.log(JSON.stringify(result));
  await raster.close();
  await http.close();
  await objects.close();
}

main();

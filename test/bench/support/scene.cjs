const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '../../..');

/** The Python of the test tools, with rasterio and rio-tiler; .ci/run makes it. */
exports.python = path.join(root, '.tools/python/bin/python');

/** Makes the bench's scene (400 MB) under .tools/bench/ where it is missing. */
exports.benchScene = () => {
  const file = path.join(root, '.tools/bench/scene.tif');
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true });
    execFileSync('/usr/bin/python3', [path.join(__dirname, 'make-scene.py'), file], { stdio: 'inherit' });
  }
  return file;
};

/** A scene of 20,480² pixels: red and near infrared of the bench's scene, repeated (500 MB). */
exports.largeScene = () => {
  const file = path.join(root, '.tools/bench/large.tif');
  if (existsSync(file)) return file;
  const scene = exports.benchScene();
  const [size, part] = [20480, 8192];
  const source = (band) =>
    [0, 1, 2].flatMap((row) =>
      [0, 1, 2].map((column) => {
        const [width, height] = [column, row].map((at) => Math.min(part, size - at * part));
        return `<SimpleSource><SourceFilename>${scene}</SourceFilename><SourceBand>${band}</SourceBand>
          <SrcRect xOff="0" yOff="0" xSize="${width}" ySize="${height}"/>
          <DstRect xOff="${column * part}" yOff="${row * part}" xSize="${width}" ySize="${height}"/></SimpleSource>`;
      }),
    );
  const bands = [3, 4].map(
    (band, index) => `<VRTRasterBand dataType="UInt16" band="${index + 1}"><NoDataValue>0</NoDataValue>
      ${source(band).join('')}</VRTRasterBand>`,
  );
  const mosaic = `${file}.vrt`;
  writeFileSync(
    mosaic,
    `<VRTDataset rasterXSize="${size}" rasterYSize="${size}"><SRS>EPSG:32633</SRS>
      <GeoTransform>300000, 10, 0, 5300000, 0, -10</GeoTransform>${bands.join('')}</VRTDataset>`,
  );
  const options = ['COMPRESS=DEFLATE', 'PREDICTOR=YES', 'LEVEL=1', 'BLOCKSIZE=512', 'NUM_THREADS=ALL_CPUS'];
  const flags = ['-q', '-of', 'COG', ...options.flatMap((option) => ['-co', option])];
  execFileSync('gdal_translate', [...flags, mosaic, `${file}.part`], { stdio: 'inherit' });
  renameSync(`${file}.part`, file);
  return file;
};

/** A STAC collection of that scene: bands B3 and B4 in one file. */
exports.largeCollection = () =>
  writeCollection('large', oneDate(exports.largeScene()), [12, 44, 16, 48.5], ['B3', 'B4']);

/** A STAC collection of 20 dates of 4,096² pixels, red and near infrared: parts of the bench's scene (600 MB). */
exports.datesCollection = () => {
  const folder = path.join(root, '.tools/bench/dates');
  mkdirSync(folder, { recursive: true });
  const flags = [
    'COMPRESS=DEFLATE',
    'PREDICTOR=YES',
    'BLOCKSIZE=512',
    'NUM_THREADS=ALL_CPUS',
    'OVERVIEWS=NONE',
  ];
  const items = Array.from({ length: 20 }, (_, index) => {
    const file = path.join(folder, `${index}.tif`);
    const [column, row] = [index % 5, Math.floor(index / 5)].map((at) => at * 1000);
    if (!existsSync(file)) {
      const part = ['-srcwin', column, row, 4096, 4096, '-b', 3, '-b', 4];
      const place = ['-a_ullr', 500000, 5300000, 540960, 5259040];
      const options = ['-q', '-of', 'COG', ...flags.flatMap((flag) => ['-co', flag])];
      const args = [...options, ...part, ...place, exports.benchScene(), `${file}.part`].map(String);
      execFileSync('gdal_translate', args, { stdio: 'inherit' });
      renameSync(`${file}.part`, file);
    }
    const datetime = new Date(Date.UTC(2024, 0, 1 + index * 16)).toISOString();
    return { id: `d${index}`, file, datetime };
  });
  return writeCollection('dates', items, [14.9, 47.4, 15.6, 47.9], ['B3', 'B4']);
};

/** A STAC collection of the bench's scene: bands B1 to B4 in one file. */
exports.benchCollection = () =>
  writeCollection('scene', oneDate(exports.benchScene()), [15, 47, 16.1, 47.9], ['B1', 'B2', 'B3', 'B4']);

const oneDate = (file) => [{ id: 'scene', file, datetime: '2024-06-01T00:00:00Z' }];

function writeCollection(id, scenes, bbox, names) {
  const bands = names.map((name) => ({
    name,
    ...(name === 'B3' && { common_name: 'red' }),
    ...(name === 'B4' && { common_name: 'nir' }),
  }));
  const items = scenes.map((scene) => ({
    type: 'Feature',
    stac_version: '1.0.0',
    id: scene.id,
    collection: 'BENCH',
    geometry: null,
    bbox,
    properties: { datetime: scene.datetime },
    links: [],
    assets: {
      data: {
        href: scene.file,
        type: 'image/tiff; application=geotiff; profile=cloud-optimized',
        roles: ['data'],
        'eo:bands': bands,
      },
    },
  }));
  const collection = {
    type: 'Collection',
    stac_version: '1.0.0',
    id: 'BENCH',
    description: 'The scene of the benchmarks',
    license: 'CC0-1.0',
    extent: { spatial: { bbox: [bbox] }, temporal: { interval: [['2024-06-01T00:00:00Z', null]] } },
    links: items.map((item) => ({ rel: 'item', href: `./${id}-${item.id}.json` })),
  };
  const folder = path.join(root, '.tools/bench');
  for (const item of items) writeFileSync(path.join(folder, `${id}-${item.id}.json`), JSON.stringify(item));
  const document = path.join(folder, `${id}-collection.json`);
  writeFileSync(document, JSON.stringify(collection));
  return document;
}

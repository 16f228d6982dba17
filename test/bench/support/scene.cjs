const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
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

/** A STAC collection of that scene: bands B1 to B4 in one file. */
exports.benchCollection = () => {
  const file = exports.benchScene();
  const bbox = [15, 47, 16.1, 47.9];
  const bands = ['B1', 'B2', 'B3', 'B4'].map((name) => ({
    name,
    ...(name === 'B3' && { common_name: 'red' }),
    ...(name === 'B4' && { common_name: 'nir' }),
  }));
  const item = {
    type: 'Feature',
    stac_version: '1.0.0',
    id: 'scene',
    collection: 'BENCH',
    geometry: null,
    bbox,
    properties: { datetime: '2024-06-01T00:00:00Z' },
    links: [],
    assets: {
      data: {
        href: file,
        type: 'image/tiff; application=geotiff; profile=cloud-optimized',
        roles: ['data'],
        'eo:bands': bands,
      },
    },
  };
  const collection = {
    type: 'Collection',
    stac_version: '1.0.0',
    id: 'BENCH',
    description: 'The scene of the benchmarks',
    license: 'CC0-1.0',
    extent: { spatial: { bbox: [bbox] }, temporal: { interval: [['2024-06-01T00:00:00Z', null]] } },
    links: [{ rel: 'item', href: './item.json' }],
  };
  const folder = path.dirname(file);
  writeFileSync(path.join(folder, 'item.json'), JSON.stringify(item));
  writeFileSync(path.join(folder, 'collection.json'), JSON.stringify(collection));
  return path.join(folder, 'collection.json');
};

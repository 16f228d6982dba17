import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../base/logger';
import { writeTiff } from '../raster/formats/gtiff/write';
import { createLandCover } from './land-cover';
import { createScene, type Scene } from './scene';
import { seasons } from './seasons';
import { collectionDocument, itemDocument, itemId, sampleBands, sampleGrid } from './stac';
import { createTerrain } from './terrain';

/** Raised when the pictures change, so that a server with an older sample makes the new one. */
const version = 'v1';

async function writeBand(path: string, index: number, scene: Scene): Promise<void> {
  const band = sampleBands[index];
  const grid = sampleGrid(band.metres);
  const isClasses = band.range === undefined;
  const values = isClasses ? scene.classes : scene.bands[index];
  const { body } = await writeTiff({
    grid,
    layers: [{ name: band.name }],
    groups: [{ from: 0, count: 1 }],
    sampleType: isClasses ? 'uint8' : 'uint16',
    nodata: 0,
    tileSize: 256,
    interleave: 'pixel',
    overviews: isClasses ? 'nearest' : 'average',
    compression: 'deflate',
    // The first start waits for it.
    level: 1,
    strategy: isClasses ? 'default' : 'rle',
    signal: new AbortController().signal,
    async read(area) {
      const data = new (isClasses ? Uint8Array : Uint16Array)(area.width * area.height);
      const valid = new Uint8Array(data.length);
      for (let row = 0; row < area.height; row++) {
        const start = (area.row + row) * grid.width + area.column;
        data.set(values.subarray(start, start + area.width), row * area.width);
      }
      for (let at = 0; at < data.length; at++) valid[at] = data[at] === 0 ? 0 : 1;
      return { data, valid, isNanMissing: false };
    },
  });
  if (body instanceof Uint8Array) await writeFile(path, body);
  else await pipeline(body, createWriteStream(path));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const json = (document: object) => `${JSON.stringify(document, null, 1)}\n`;

/** The collection of a folder in which `createSample` made one. */
export async function findSample(folder: string): Promise<{ collectionFile: string } | undefined> {
  const collectionFile = join(folder, version, 'collection.json');
  return (await exists(collectionFile)) ? { collectionFile } : undefined;
}

/**
 * Makes a STAC collection of an invented landscape in `folder`, with a Cloud Optimized GeoTIFF for each band
 * and date; the same bytes each time. Where it is already, nothing is done. Processes that start at the same
 * time each make one, and the first to finish puts it in place.
 */
export async function createSample(
  folder: string,
  options: { logger: Logger },
): Promise<{ collectionFile: string }> {
  const target = join(folder, version);
  const collectionFile = join(target, 'collection.json');
  if (await exists(collectionFile)) return { collectionFile };
  const started = performance.now();
  await mkdir(folder, { recursive: true });
  const building = join(folder, `.building-${randomUUID()}`);
  try {
    await mkdir(building);
    const terrain = createTerrain();
    const land = createLandCover(terrain);
    const writing: Promise<unknown>[] = [];
    for (const [number, season] of seasons.entries()) {
      const scene = createScene(terrain, land, season, number + 1);
      const id = itemId(season);
      await mkdir(join(building, id));
      await writeFile(join(building, `${id}.json`), json(itemDocument(season, scene.cloudCover)));
      // The thread pool compresses this date while the next one is drawn.
      await Promise.all(writing.splice(0));
      writing.push(
        ...sampleBands.map((band, index) => writeBand(join(building, id, `${band.name}.tif`), index, scene)),
      );
    }
    await Promise.all(writing);
    await writeFile(join(building, 'collection.json'), json(collectionDocument(seasons)));
    await rename(building, target).catch(async (error: unknown) => {
      if (!(await exists(collectionFile))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  options.logger.info('made the sample collection', {
    folder: dirname(collectionFile),
    milliseconds: Math.round(performance.now() - started),
  });
  return { collectionFile };
}

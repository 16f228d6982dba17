import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { dryRun, generate } from '../../../src/pyramid/generate';
import type { GenerateTarget, Generation } from '../../../src/pyramid/generation';
import type { PyramidSource } from '../../../src/pyramid/open-source';
import { completeOptions, type PyramidOptions } from '../../../src/pyramid/options';
import type { Stage } from '../../../src/pyramid/stages';
import { createRasterReader } from '../../../src/raster/reader';
import type { RasterReader } from '../../../src/raster/source';
import { openObjectStore } from '../../../src/store/objects/open';
import type { ObjectStore } from '../../../src/store/objects/types';

/** Everything that makes pyramids, with its storage in a folder. */
export interface Workshop {
  readonly folder: string;
  readonly objects: ObjectStore;
  readonly raster: RasterReader;
  /** Of the last generation. */
  readonly stages: Stage[];
  /** Stores bytes as a source. */
  store(bytes: Uint8Array): Promise<PyramidSource>;
  generate(
    source: PyramidSource,
    options?: Partial<PyramidOptions>,
    more?: Partial<GenerateTarget> & { readonly signal?: AbortSignal; readonly objects?: ObjectStore },
  ): Promise<Generation>;
  estimate(source: PyramidSource, options?: Partial<PyramidOptions>): ReturnType<typeof dryRun>;
  read(key: string): Promise<Buffer>;
  keys(prefix: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-pyramid-'));
  const objects = await openObjectStore(pathToFileURL(join(folder, 'objects')).href, {
    logger: silentLogger,
  });
  const http = createHttpClient({ allowedHosts: [], logger: silentLogger });
  const raster = createRasterReader({ http, logger: silentLogger });
  const limits = { pixels: 1e8, sourcePixels: 1e9 };
  const stages: Stage[] = [];
  const tools = { raster, limits, scratchRoot: join(folder, 'scratch'), logger: silentLogger };
  let count = 0;
  return {
    ...{ folder, objects, raster, stages },
    async store(bytes) {
      const key = `sources/${++count}`;
      await objects.put(key, bytes);
      return { kind: 'file', open: async () => (await objects.get(key))?.body };
    },
    async generate(source, options = {}, { signal, objects: others, ...target } = {}) {
      stages.length = 0;
      return generate(
        source,
        completeOptions(options),
        { prefix: `out/${++count}/`, name: 'a map', ...target },
        {
          ...tools,
          objects: others ?? objects,
          signal: signal ?? new AbortController().signal,
          onStage: (stage) => stages.push(stage),
        },
      );
    },
    estimate: (source, options = {}) =>
      dryRun(source, completeOptions(options), { ...tools, objects, signal: new AbortController().signal }),
    async read(key) {
      const found = await objects.get(key);
      if (!found) throw new Error(`There is no ${key}`);
      return buffer(found.body);
    },
    keys: async (prefix) => (await objects.list(prefix)).items.map(({ key }) => key.slice(prefix.length)),
    async close() {
      await raster.close();
      await http.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Those of some paths in the layout xyz that are tiles. */
export const tiles = (keys: readonly string[]) =>
  keys.filter((key) => /^\d+\/\d+\/\d+\.\w+$/.test(key)).sort();

import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';
import type { Cube } from '../raster/cube';
import { layerCount } from '../raster/formats/layers';
import { bytesOf } from '../raster/memory';
import { memoryCube } from '../raster/memory-cube';
import { SharedWork } from './shared-work';

/** Memory for scenes; a larger one is kept alone. */
const cacheBytes = 256 * 1024 * 1024;

/**
 * Refuses a cube that can only be computed as a whole and is too large for that.
 * @throws OpenEOError `ProcessGraphComplexity`
 */
export function refuseHugeScene(cube: Cube, maxPixels: number): void {
  if (cube.locality === 'local' || !cube.grid) return;
  const size = cube.grid.width * cube.grid.height * layerCount(cube);
  if (size <= maxPixels) return;
  const show = (value: number) => value.toLocaleString('en');
  throw new OpenEOError('ProcessGraphComplexity', {
    reason: `each tile needs the whole scene of ${show(size)} values and ${show(maxPixels)} may be computed; restrict its extent.`,
  });
}

/** Scenes that are needed as a whole for every tile: computed once, on their own grid, and tiles are cut from them. */
export class WholeScenes {
  readonly #known: LRUCache<string, Cube>;
  readonly #work = new SharedWork<Cube>();

  constructor(readonly maxPixels: number) {
    this.#known = new LRUCache({ maxSize: cacheBytes });
  }

  /**
   * The cube itself where a tile needs only its surroundings.
   * @param key equal where graph, parameters and data are; undefined: nothing is kept
   * @throws OpenEOError `ProcessGraphComplexity`; the signal's reason
   */
  async of(cube: Cube, key: string | undefined, signal: AbortSignal): Promise<Cube> {
    if (cube.locality === 'local' || !cube.grid) return cube;
    refuseHugeScene(cube, this.maxPixels);
    if (key === undefined) return this.#compute(cube, signal);
    return this.#known.get(key) ?? this.#work.do(key, signal, (shared) => this.#compute(cube, shared, key));
  }

  async #compute(cube: Cube, signal: AbortSignal, key?: string): Promise<Cube> {
    const block = await cube.read({ grid: cube.grid }, signal);
    const { shape, data, valid } = block;
    const scene = memoryCube({ ...cube, shape, data, valid });
    if (key !== undefined) this.#known.set(key, scene, { size: Math.min(bytesOf(block), cacheBytes) });
    return scene;
  }
}

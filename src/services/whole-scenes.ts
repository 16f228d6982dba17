import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';
import type { Cube } from '../raster/cube';
import { layerCount } from '../raster/formats/layers';
import { bytesOf } from '../raster/memory/sizes';
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

/** How many times the time of a request a scene may take that nobody waits for any more. */
const patience = 10;
/** Scenes that nobody waits for, computed at one time. */
const maxUnattended = 2;
/** For how long a scene that took too long is refused at once. */
const refusedMs = 600_000;

export interface WholeScenesOptions {
  /** Values of a scene. */
  readonly maxPixels: number;
  /** Seconds that a request may take. */
  readonly seconds: number;
  /** Fires when the server stops. */
  readonly stopped: AbortSignal;
}

/**
 * Scenes that are needed as a whole for every tile: computed once, on their own grid, and tiles are cut from them. One
 * that takes longer than a request may is computed on, so that later requests find it.
 */
export class WholeScenes {
  readonly #known: LRUCache<string, Cube>;
  readonly #tooSlow = new LRUCache<string, true>({ max: 1000, ttl: refusedMs });
  readonly #work: SharedWork<Cube> = new SharedWork(
    (reason): boolean =>
      reason instanceof OpenEOError &&
      reason.code === 'RequestTimeout' &&
      this.#work.unattended <= maxUnattended,
  );

  constructor(readonly options: WholeScenesOptions) {
    this.#known = new LRUCache({ maxSize: cacheBytes });
  }

  /**
   * The cube itself where a tile needs only its surroundings.
   * @param key equal where graph, parameters and data are; undefined: nothing is kept
   * @throws OpenEOError `ProcessGraphComplexity` also for scenes that took much too long before; the signal's reason
   */
  async of(cube: Cube, key: string | undefined, signal: AbortSignal): Promise<Cube> {
    if (cube.locality === 'local' || !cube.grid) return cube;
    refuseHugeScene(cube, this.options.maxPixels);
    if (key === undefined) return this.#compute(cube, signal);
    if (this.#tooSlow.has(key)) throw this.#tooSlowError();
    return (
      this.#known.get(key) ?? this.#work.do(key, signal, (shared) => this.#computeInTime(cube, shared, key))
    );
  }

  async #computeInTime(cube: Cube, shared: AbortSignal, key: string): Promise<Cube> {
    const tooSlow = new AbortController();
    const timer = setTimeout(() => {
      this.#tooSlow.set(key, true);
      tooSlow.abort(this.#tooSlowError());
    }, this.#maxSeconds * 1000);
    timer.unref();
    try {
      const signal = AbortSignal.any([shared, this.options.stopped, tooSlow.signal]);
      return await this.#compute(cube, signal, key);
    } finally {
      clearTimeout(timer);
    }
  }

  get #maxSeconds(): number {
    return this.options.seconds * patience;
  }

  #tooSlowError(): OpenEOError {
    return new OpenEOError('ProcessGraphComplexity', {
      reason: `each tile needs the whole scene, which takes more than ${this.#maxSeconds} seconds to compute; restrict its extent.`,
    });
  }

  async #compute(cube: Cube, signal: AbortSignal, key?: string): Promise<Cube> {
    const block = await cube.read({ grid: cube.grid }, signal);
    const { shape, data, valid } = block;
    const scene = memoryCube({ ...cube, shape, data, valid });
    if (key !== undefined) this.#known.set(key, scene, { size: Math.min(bytesOf(block), cacheBytes) });
    return scene;
  }
}

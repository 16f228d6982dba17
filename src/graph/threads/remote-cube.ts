import { type Block, type Cube, deriveCube, isCube, type Window } from '../../raster/cube';
import { layerLengths, planeLength, product } from '../../raster/layers';
import { injectedUserId } from '../parameters';
import { type Plan, SavedResult } from '../types';
import { type PortableRun, signatureOf } from './messages';
import type { ReadPool } from './pool';
import { toPortablePlan } from './portable-plan';
import type { ContextRecorder } from './recorder';
import type { Priority } from './task';

/** Cubes of fewer values are read at once: sending them costs more. Small parts of large ones go to the others' blocks. */
const smallestRead = 128 * 128;
/** Cubes of so many values wait for threads: blocks that are read before would be read by them again. */
const largeRead = 2048 * 2048;

let lastRun = 0;

/** Data that means the same in another thread. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (injectedUserId(value) !== undefined) return true;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every(isPlain);
}

function valuesOf(cube: Cube, window: Window): number {
  return planeLength(window) * product(layerLengths(cube, window));
}

/** A node of the graph itself whose cube threads can come to. */
interface Place {
  node?: string;
  run?: PortableRun;
}

/**
 * The results of one run, whose cubes have their windows read by other threads wherever that is possible: they repeat
 * the run from what was recorded of it, and give the same blocks. A window that a thread cannot read is read here.
 */
export class Distribution {
  readonly #saved = new Map<SavedResult, { readonly result: SavedResult; readonly place: Place }>();

  constructor(
    readonly run: {
      readonly plan: Plan;
      readonly parameters: ReadonlyMap<string, unknown>;
      readonly recorder: ContextRecorder;
    },
    readonly pool: ReadPool,
    readonly priority: Priority,
  ) {}

  /** What stands for a saved result. @param path of the node that it was seen at; later ones count */
  saved(result: SavedResult, path: readonly string[]): SavedResult {
    let known = this.#saved.get(result);
    if (!known) {
      const place: Place = {};
      const data = isCube(result.data) ? this.#distribute(result.data, place) : result.data;
      known = { place, result: new SavedResult(data, result.format, result.options) };
      this.#saved.set(result, known);
    }
    known.place.node = path.length === 1 ? path[0] : undefined;
    return known.result;
  }

  /** What stands for the value of the whole run. */
  result(value: unknown): unknown {
    const { result } = this.run.plan;
    if (value instanceof SavedResult) return this.saved(value, [result]);
    return isCube(value) ? this.#distribute(value, { node: result }) : value;
  }

  #distribute(cube: Cube, place: Place): Cube {
    if (!cube.grid || cube.dataType === 'text' || cube.locality === 'whole') return cube;
    const distributed = deriveCube(cube, {
      read: async (window, signal) =>
        (await this.#readElsewhere(cube, place, window, signal)) ?? cube.read(window, signal),
    });
    return cube.indexed ? deriveCube(distributed, { indexed: cube.indexed }) : distributed;
  }

  async #readElsewhere(
    cube: Cube,
    place: Place,
    window: Window,
    signal: AbortSignal,
  ): Promise<Block | undefined> {
    const all = valuesOf(cube, { ...window, grid: cube.grid });
    if (Math.max(valuesOf(cube, window), all) < smallestRead) return undefined;
    place.run ??= this.#portable(cube, place);
    if (!place.run) return undefined;
    const block = await this.pool.read({
      ...{ run: place.run, window, priority: this.priority, isPatient: all >= largeRead, signal },
    });
    return block && { ...block, ...(window.grid && { grid: window.grid }) };
  }

  #portable(cube: Cube, { node }: Place): PortableRun | undefined {
    const { plan, parameters, recorder } = this.run;
    const { recording } = recorder;
    if (node === undefined || !recording) return undefined;
    return {
      id: ++lastRun,
      plan: { ...toPortablePlan(plan), result: node },
      parameters: new Map([...parameters].filter(([, parameter]) => isPlain(parameter))),
      recording,
      signature: signatureOf(cube),
    };
  }
}

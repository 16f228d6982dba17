import type { Plan } from '../graph/types';
import type { PyramidPlace } from '../processes/context';
import { callersOf } from './callers';

/** A node in a name that any storage takes: `ndvi`, or `outer-ndvi` inside of a stored process. */
function stemOf(path: readonly string[]): string {
  const plain = path
    .join('-')
    .replace(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '')
    .slice(0, 100);
  return plain || 'result';
}

/** The names of the files that a graph leads to, each only once. */
export class ResultNames {
  readonly #taken = new Set<string>();
  readonly #prefixes = new Set<string>();
  readonly #onlyPyramid: string | undefined;
  /** Nodes that make one pyramid each. */
  readonly #nodes: ReadonlySet<string>;

  constructor(plan: Plan) {
    const callers = [...callersOf(plan, ({ id }) => id === 'tile_generation')];
    const nodes = callers.filter(({ isRepeated }) => !isRepeated).map(({ path }) => JSON.stringify(path));
    this.#nodes = new Set(nodes);
    this.#onlyPyramid = callers.length === 1 ? nodes[0] : undefined;
  }

  /** A name that a process chose. */
  take(name: string): void {
    this.#taken.add(name);
  }

  /** `result.tif` for a single result, else by its node: `ndvi.tif`. */
  next(path: readonly string[], isOnly: boolean, extension: string): string {
    return this.#unique(this.#taken, isOnly ? 'result' : stemOf(path), extension);
  }

  /** Files of a single pyramid have plain names, those of several their node's before them: `ndvi-tilejson.json`. */
  pyramid(path: readonly string[]): PyramidPlace {
    const node = JSON.stringify(path);
    const isOnce = this.#nodes.has(node);
    if (node === this.#onlyPyramid) return { filePrefix: '', isOnce };
    return { filePrefix: this.#unique(this.#prefixes, stemOf(path), '-'), isOnce };
  }

  #unique(taken: Set<string>, stem: string, ending: string): string {
    let name = `${stem}${ending}`;
    for (let n = 2; taken.has(name); n++) name = `${stem}_${n}${ending}`;
    taken.add(name);
    return name;
  }
}

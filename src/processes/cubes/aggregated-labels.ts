import { type Block, type Cube, deriveCube, layerDimensions, type Window } from '../../raster/cube';
import {
  blockShape,
  copyValues,
  createValuesLike,
  layerLengths,
  missingBlock,
  planeLength,
  product,
  type Values,
} from '../../raster/layers';
import { commonType, toMaskForm, widest } from '../../raster/missing-values';
import { inRowChunks } from '../../raster/row-chunks';
import { replaceDimension } from '../../raster/select-labels';
import { type AlongResult, evaluateAlong } from './along-dimension';
import type { PixelCallback, ValueCallback } from './cube-callbacks';
import { relabel, requireDimension } from './cube-dimensions';
import { notSingle } from './single-value';

/** Labels of a dimension that become one. */
export interface LabelGroup {
  readonly label: number | string;
  /** Positions on the dimension; a label may be in several groups, and a group may be empty. */
  readonly indices: readonly number[];
  /** Makes one value of the array `data`. */
  readonly reducer: ValueCallback & { readonly evaluator?: PixelCallback['evaluator'] };
}

interface GroupReads {
  readonly group: LabelGroup;
  /** Which elements of the group's array its reducer uses. */
  readonly elements: readonly number[];
}

/**
 * The cube with groups of labels of a dimension of layers reduced to one label each. A window reads what the
 * reducers of the wanted groups use, each label once.
 * @param name a dimension that is not horizontal.
 */
export function aggregateLabels(
  cube: Cube,
  name: string,
  groups: readonly LabelGroup[],
  process: string,
): Cube {
  const dimension = requireDimension(cube, name);
  const position = layerDimensions(cube).findIndex((layer) => layer.name === name);
  const full = groups.filter(({ indices }) => indices.length > 0);
  const typed = (full.length > 0 ? full : groups).map(({ reducer }) => reducer.dataType);
  const dataType = typed.length > 0 ? typed.reduce(commonType) : cube.dataType;
  const missing = groups.some(({ reducer }) => reducer.missing === 'mask') ? 'mask' : cube.missing;
  const prepared = groups.map((group): GroupReads => {
    if (group.reducer.evaluator?.isArray) throw notSingle(process, 'reducer');
    const reads = group.reducer.evaluator?.reads('data') ?? 'all';
    return { group, elements: reads === 'all' ? group.indices.map((_, element) => element) : reads };
  });

  const result: Cube = deriveCube(cube, {
    dimensions: replaceDimension(
      cube,
      name,
      relabel(
        dimension,
        groups.map(({ label }) => label),
      ),
    ),
    dataType,
    missing,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      const wanted = window.select?.get(name)?.map((index) => prepared[index]) ?? prepared;
      const used = new Set(
        wanted.flatMap(({ group, elements }) => elements.map((element) => group.indices[element])),
      );
      const read = [...used].sort((one, other) => one - other);
      const places = new Map(read.map((index, place) => [index, place]));
      const before = product(lengths.slice(0, position));
      const others = product(lengths) / wanted.length;
      return await inRowChunks(window, others * (read.length + wanted.length), async (part) => {
        const select = new Map(part.select).set(name, read);
        // Groups that need no values still need a block to say where they are.
        const block: Block =
          read.length === 0
            ? { grid: part.grid, shape: [], data: new Float32Array(0) }
            : await cube.read({ ...part, select }, signal);
        const after = product(lengths.slice(position + 1)) * planeLength(part);
        const target = new Assembly(before, wanted.length, after);
        for (const [place, { group, elements }] of wanted.entries()) {
          const axis = {
            before,
            length: group.indices.length,
            read: elements,
            at: elements.map((element) => places.get(group.indices[element])!),
            total: read.length,
            after,
          };
          const values = await evaluateAlong(group.reducer, 'data', block, axis, signal);
          if (values.outputs !== 1) throw notSingle(process, 'reducer');
          target.put(place, inForm(values, group.reducer.missing, missing));
        }
        return { grid: part.grid, shape: blockShape(lengths, part), ...target.values };
      });
    },
  });
  return result;
}

/** Values of a reducer in the form of the whole cube, whose other reducers may need a mask. */
function inForm(values: AlongResult, from: Cube['missing'], to: Cube['missing']): AlongResult {
  if (from === to) return values;
  return { ...toMaskForm({ shape: [], data: values.data, valid: values.valid }, from), outputs: 1 };
}

/** Collects layers for the middle axis of `before` × `count` × `after`. */
class Assembly {
  #data: Values | undefined;
  #valid: Uint8Array | undefined;

  constructor(
    readonly before: number,
    readonly count: number,
    readonly after: number,
  ) {}

  put(place: number, { data, valid }: AlongResult): void {
    const { before, count, after } = this;
    const length = before * count * after;
    if (!this.#data) this.#data = createValuesLike(data, length);
    else if (this.#data.constructor !== data.constructor) {
      const wider = createValuesLike(widest(this.#data, data), length);
      copyValues(this.#data, 0, wider, 0, length);
      this.#data = wider;
    }
    if (valid && !this.#valid) this.#valid = new Uint8Array(length).fill(1);
    for (let piece = 0; piece < before; piece++) {
      const to = (piece * count + place) * after;
      copyValues(data, piece * after, this.#data, to, after);
      if (valid) this.#valid!.set(valid.subarray(piece * after, (piece + 1) * after), to);
    }
  }

  get values(): { data: Values; valid?: Uint8Array } {
    return { data: this.#data!, valid: this.#valid };
  }
}

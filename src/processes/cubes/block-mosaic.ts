import type { Block, Cube, Window } from '../../raster/cube';
import {
  blockShape,
  copyValues,
  createValuesLike,
  forEachIndex,
  type Layout,
  layerLengths,
  missingBlock,
  strides,
} from '../../raster/layers';
import { toMaskForm, widest } from '../../raster/missing-values';

/** A window that is put together from parts; what no part covers is missing. */
export class BlockMosaic {
  readonly #lengths: number[];
  #block: { data: Block['data']; valid?: Uint8Array };
  #isEmpty = true;

  constructor(
    readonly layout: Layout,
    readonly window: Window,
  ) {
    this.#lengths = layerLengths(layout, window);
    const { data, valid } = missingBlock(layout, window);
    this.#block = { data, valid };
  }

  /**
   * @param places for each layer dimension, where the layers of the block go.
   * @param column where the block's first pixel goes; 0 without a grid.
   * @param keep 1 for the pixels of the block's plane that count; absent: all.
   */
  put(
    part: Block,
    missing: Cube['missing'],
    places: readonly (readonly number[])[],
    column = 0,
    row = 0,
    keep?: Uint8Array,
  ): void {
    const block = this.layout.missing === 'mask' ? toMaskForm(part, missing) : part;
    this.#widen(block.data);
    const { data, valid } = this.#block;
    const { grid } = this.window;
    const [height, width] = grid ? block.shape.slice(-2) : [1, 1];
    const [wholeHeight, wholeWidth] = grid ? [grid.height, grid.width] : [1, 1];
    const steps = strides(this.#lengths);
    let from = 0;
    forEachIndex(
      places.map(({ length }) => length),
      (index) => {
        const plane = index.reduce((sum, at, axis) => sum + places[axis][at] * steps[axis], 0);
        for (let y = 0; y < height; y++, from += width) {
          const to = (plane * wholeHeight + row + y) * wholeWidth + column;
          if (keep) {
            for (let x = 0; x < width; x++) {
              if (keep[y * width + x] === 0) continue;
              data[to + x] = block.data[from + x] as number;
              if (valid) valid[to + x] = block.valid ? block.valid[from + x] : 1;
            }
            continue;
          }
          copyValues(block.data, from, data, to, width);
          if (!valid) continue;
          if (block.valid) valid.set(block.valid.subarray(from, from + width), to);
          else valid.fill(1, to, to + width);
        }
      },
    );
  }

  /** Takes over the kind of the values, so that none is cut or rounded. */
  #widen(values: Block['data']): void {
    const own = this.#block.data;
    if (own.constructor === values.constructor) {
      this.#isEmpty = false;
      return;
    }
    const isNan = this.layout.missing === 'nan';
    const kind = this.#isEmpty && !isNan ? createValuesLike(values, 0) : widest(own, values);
    this.#isEmpty = false;
    if (kind.constructor === own.constructor) return;
    const wider = createValuesLike(kind, own.length);
    copyValues(own, 0, wider, 0, own.length);
    this.#block = { ...this.#block, data: wider };
  }

  get block(): Block {
    return {
      grid: this.window.grid,
      shape: blockShape(this.#lengths, this.window),
      ...this.#block,
    };
  }
}

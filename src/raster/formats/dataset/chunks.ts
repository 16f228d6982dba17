import { layerDimensions, type NumericArray } from '../../cube';
import { labelCount, product, strides } from '../../layers';
import { createAreaReader } from '../area-reader';
import { type Area, hasValue, type LayerGroup, layerGroups, type Pixels, rasterOn } from '../layers';
import { pickIndex } from '../pick';
import { convertSamples, sampleKinds } from '../samples';
import type { Dataset } from './model';

/** A chunk of a data variable, padded to its full length with no-data at the edges. */
export interface Chunk {
  readonly variable: number;
  /** Counted in chunks, along each dimension of the dataset. */
  readonly position: readonly number[];
  readonly values: NumericArray;
}

/** Values that one read of an area may bring. */
const groupValues = 4 << 20;

interface Rectangle {
  readonly width: number;
  readonly height: number;
}

/**
 * The chunks of a dataset's variables, in whatever order its cube is read best; what is missing as a whole is left
 * out. The next part is read while the last one is used.
 */
export class ChunkReader {
  /** False until a value has been seen. */
  hasData = false;
  /** True once a value was missing; final at the end of {@link read}. */
  isAnyMissing = false;

  constructor(
    readonly dataset: Dataset,
    readonly signal: AbortSignal,
  ) {}

  async *read(): AsyncGenerator<readonly Chunk[]> {
    const parts = this.dataset.grid ? this.#areas() : this.#rows();
    let next = parts.next();
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = parts.next();
      // Whoever awaits it later gets the error; until then it must not count as unhandled.
      next.catch(() => {});
      yield value;
    }
  }

  async *#areas(): AsyncGenerator<readonly Chunk[]> {
    const { cube, chunk, bands } = this.dataset;
    const grid = this.dataset.grid!;
    const raster = rasterOn(cube, grid);
    const [height, width] = chunk.slice(-2);
    const read = createAreaReader(raster, this.signal);
    const lengths = raster.dimensions.map(labelCount);
    const steps = strides(lengths);
    const bandAxis = bands ? raster.dimensions.indexOf(bands) : -1;
    for (const group of layerGroups(raster, Math.max(1, Math.floor(groupValues / (width * height)))))
      for (let row = 0; row < grid.height; row += height)
        for (let column = 0; column < grid.width; column += width) {
          const area = {
            ...{ column, row },
            width: Math.min(width, grid.width - column),
            height: Math.min(height, grid.height - row),
          };
          const pixels = await read(area, group);
          const place = (layer: number) =>
            lengths.map((length, axis) => Math.floor(layer / steps[axis]) % length);
          yield this.#planes(pixels, group, area, { width, height }, (layer) => {
            const index = place(layer);
            const variable = bandAxis < 0 ? 0 : index[bandAxis];
            const outer = index.filter((_, axis) => axis !== bandAxis);
            return { variable, position: [...outer, row / height, column / width] };
          });
        }
  }

  #planes(
    pixels: Pixels,
    group: LayerGroup,
    area: Area,
    full: Rectangle,
    place: (layer: number) => Pick<Chunk, 'variable' | 'position'>,
  ): Chunk[] {
    const chunks: Chunk[] = [];
    const length = area.width * area.height;
    for (let layer = 0; layer < group.count; layer++) {
      const plane = {
        data: pixels.data.subarray(layer * length, (layer + 1) * length),
        valid: pixels.valid?.subarray(layer * length, (layer + 1) * length),
        isNanMissing: pixels.isNanMissing,
      };
      const values = this.#convert(plane, area, full);
      if (values) chunks.push({ ...place(group.from + layer), values });
    }
    return chunks;
  }

  /** Parts of a cube without pixels, cut along its first dimension. */
  async *#rows(): AsyncGenerator<readonly Chunk[]> {
    const { cube, chunk, bands, dimensions, variables } = this.dataset;
    const layers = layerDimensions(cube);
    const cut = layers.find((dimension) => dimension !== bands);
    const count = dimensions[0]?.length ?? 1;
    const step = chunk[0] ?? 1;
    const full = product(chunk);
    for (let from = 0; from < count; from += step) {
      const rows = Math.min(step, count - from);
      const indices = Array.from({ length: rows }, (_, index) => from + index);
      const select = cut && rows < count ? { select: new Map([[cut.name, indices]]) } : {};
      const block = await cube.read(select, this.signal);
      const lengths = layers.map((dimension) => (dimension === cut ? rows : labelCount(dimension)));
      const bandAxis = bands ? layers.indexOf(bands) : lengths.length;
      const inner = product(lengths.slice(bandAxis + 1));
      const outer = product(lengths.slice(0, bandAxis));
      const shape = [outer, variables.length, inner] as const;
      const chunks: Chunk[] = [];
      for (let variable = 0; variable < variables.length; variable++) {
        const plane = {
          data: pickIndex(block.data as NumericArray, shape, variable),
          valid: block.valid && pickIndex(block.valid, shape, variable),
          isNanMissing: cube.missing === 'nan',
        };
        const width = outer * inner;
        const values = this.#convert(plane, { width, height: 1 }, { width: full, height: 1 });
        if (values)
          chunks.push({
            variable,
            position: dimensions.map((_, axis) => (axis === 0 ? from / step : 0)),
            values,
          });
      }
      yield chunks;
    }
  }

  /** The values as the file holds them; undefined where all are missing. */
  #convert(pixels: Pixels, size: Rectangle, full: Rectangle): NumericArray | undefined {
    const { type, nodata } = this.dataset;
    if (!hasValue(pixels)) {
      this.isAnyMissing = true;
      return undefined;
    }
    this.hasData = true;
    const converted = sampleKinds[type].make(size.width * size.height);
    if (convertSamples(this.#packed(pixels), converted, type, nodata)) this.isAnyMissing = true;
    if (size.width === full.width && size.height === full.height) return converted;
    const values = sampleKinds[type].make(full.width * full.height).fill(nodata.value);
    for (let row = 0; row < size.height; row++)
      values.set(converted.subarray(row * size.width, (row + 1) * size.width), row * full.width);
    return values;
  }

  #packed(pixels: Pixels): Pixels {
    const { packing } = this.dataset;
    if (!packing) return pixels;
    const data = new Float64Array(pixels.data.length);
    for (let i = 0; i < data.length; i++) data[i] = (pixels.data[i] - packing.offset) / packing.scale;
    return { ...pixels, data };
  }
}

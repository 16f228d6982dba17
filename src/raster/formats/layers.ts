import { OpenEOError, ProcessException } from '../../base/errors';
import type { Grid } from '../../geo/types';
import {
  type BandInfo,
  type Cube,
  type Dimension,
  isCube,
  isHorizontal,
  layerDimensions,
  type NumericArray,
  type Window,
} from '../cube';
import { labelText } from '../layers';
import type { EncodeRequest } from './types';

/** One two-dimensional plane of a cube: a combination of labels of its non-horizontal dimensions. */
export interface Layer {
  /** The labels that tell this layer from the others, for example `2024-06-01T00:00:00Z B04`. */
  readonly name: string;
  readonly band?: BandInfo;
}

/** Layers that follow one another in a block and can be read together. */
export interface LayerGroup {
  readonly from: number;
  readonly count: number;
  /** As in {@link Window}; absent: all layers. */
  readonly select?: Window['select'];
}

/** A cube and the grid to write it on, checked to be raster data within the limits. */
export interface Raster {
  readonly cube: Cube;
  readonly grid: Grid;
  readonly dimensions: readonly Dimension[];
  readonly layers: readonly Layer[];
}

/** Pixels of the output grid, counted from its top left. */
export interface Area {
  readonly column: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
}

/** Numbers of one area: C order over layers, rows, columns. */
export interface Pixels {
  readonly data: NumericArray;
  /** 1 where valid; absent: NaN is missing where `isNanMissing`, otherwise nothing is. */
  readonly valid?: Uint8Array;
  readonly isNanMissing: boolean;
}

/** Reads an area of a raster, of one group of its layers or of all. */
export type ReadArea = (area: Area, group?: LayerGroup) => Promise<Pixels>;

/** Whether any value is there. */
export function hasValue({ data, valid, isNanMissing }: Pixels): boolean {
  if (valid) return valid.includes(1);
  if (!isNanMissing) return data.length > 0;
  for (let i = 0; i < data.length; i++) if (!Number.isNaN(data[i])) return true;
  return false;
}

function lengthOf(dimension: Dimension): number {
  return dimension.labels?.length ?? 1;
}

/** `12,000 × 9,000 pixels × 4 layers = 432,000,000 values`, compared with the limit. @throws OpenEOError `ProcessGraphComplexity` */
export function checkSize(grid: Pick<Grid, 'width' | 'height'>, layers: number, maxValues: number): void {
  const values = grid.width * grid.height * layers;
  if (values <= maxValues) return;
  const show = (value: number) => value.toLocaleString('en');
  throw new OpenEOError('ProcessGraphComplexity', {
    reason:
      `the result has ${show(grid.width)} × ${show(grid.height)} pixels in ${show(layers)} layers, ` +
      `${show(values)} values; at most ${show(maxValues)} can be written at once. ` +
      'Ask for a smaller area, fewer labels or a coarser resolution.',
  });
}

/** How many layers a cube has; 1 for a cube of x and y only. */
export function layerCount(cube: Cube): number {
  return layerDimensions(cube).reduce((product, dimension) => product * lengthOf(dimension), 1);
}

/** @throws ProcessException `DataCubeEmpty` for cubes without a single value */
export function refuseEmpty(cube: Cube, grid?: Pick<Grid, 'width' | 'height'>): void {
  const empty = cube.dimensions.find(
    (dimension) => !isHorizontal(cube, dimension) && lengthOf(dimension) === 0,
  );
  if (empty) throw new ProcessException('DataCubeEmpty', `The dimension ${empty.name} has no labels left.`);
  if (grid && (grid.width < 1 || grid.height < 1))
    throw new ProcessException('DataCubeEmpty', 'The data cube covers no pixels.');
}

function describeLayers(dimensions: readonly Dimension[]): Layer[] {
  const naming = dimensions.map((dimension) => dimension.type === 'bands' || lengthOf(dimension) > 1);
  let layers: { parts: string[]; band?: BandInfo }[] = [{ parts: [] }];
  dimensions.forEach((dimension, position) => {
    layers = layers.flatMap((layer) =>
      Array.from({ length: lengthOf(dimension) }, (_, index) => ({
        parts: naming[position] ? [...layer.parts, labelText(dimension.labels?.[index])] : layer.parts,
        band: dimension.type === 'bands' ? dimension.bands?.[index] : layer.band,
      })),
    );
  });
  return layers.map(({ parts, band }) => ({ name: parts.join(' '), band }));
}

/**
 * Checks that a format for pictures or grids can write `data`.
 * @throws OpenEOError `ResultNotRenderable`, `ProcessGraphComplexity`; ProcessException `DataCubeEmpty`
 */
export function rasterOf(data: unknown, request: EncodeRequest, format: string): Raster {
  if (!isCube(data))
    throw new OpenEOError('ResultNotRenderable', {
      reason: `${format} needs a data cube; save values that are none as JSON.`,
    });
  const grid = request.grid ?? data.grid;
  if (!data.grid || !grid)
    throw new OpenEOError('ResultNotRenderable', {
      reason: `${format} needs the dimensions x and y on a regular grid; this data cube has ${
        data.dimensions.map((dimension) => dimension.name).join(', ') || 'no dimensions'
      }. Save it as JSON.`,
    });
  if (data.dataType === 'text')
    throw new OpenEOError('ResultNotRenderable', {
      reason: `${format} holds numbers and this data cube holds text; save it as JSON.`,
    });
  refuseEmpty(data, grid);
  checkSize(grid, layerCount(data), request.maxPixels);
  return rasterOn(data, grid);
}

/** A cube to be read on a grid, unchecked. */
export function rasterOn(cube: Cube, grid: Grid): Raster {
  const dimensions = layerDimensions(cube);
  return { cube, grid, dimensions, layers: describeLayers(dimensions) };
}

/** Splits layers into groups of at most `maxLayers` (at least one), each readable by one window. */
export function layerGroups(raster: Raster, maxLayers: number): LayerGroup[] {
  const total = raster.layers.length;
  if (total <= maxLayers) return [{ from: 0, count: total }];
  const lengths = raster.dimensions.map(lengthOf);
  // The dimension to cut: all after it fit into one group together.
  let cut = lengths.length - 1;
  let stride = 1;
  while (cut > 0 && stride * lengths[cut] <= maxLayers) stride *= lengths[cut--];
  const step = Math.max(1, Math.floor(maxLayers / stride));
  const groups: LayerGroup[] = [];
  for (let from = 0; from < total; ) {
    let rest = Math.floor(from / stride);
    const index = rest % lengths[cut];
    const count = Math.min(step, lengths[cut] - index);
    const select = new Map([
      [raster.dimensions[cut].name, Array.from({ length: count }, (_, offset) => index + offset)],
    ]);
    for (let outer = cut - 1; outer >= 0; outer--) {
      rest = Math.floor(rest / lengths[outer + 1]);
      select.set(raster.dimensions[outer].name, [rest % lengths[outer]]);
    }
    groups.push({ from, count: count * stride, select });
    from += count * stride;
  }
  return groups;
}

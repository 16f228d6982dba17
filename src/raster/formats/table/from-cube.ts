import { createPace } from '../../../base/pace';
import type { Crs, Grid } from '../../../geo/types';
import {
  type Block,
  type Cube,
  type Dimension,
  isHorizontal,
  layerDimensions,
  type Window,
} from '../../cube';
import { gridLabels } from '../../labelled-view';
import { labelCount, labelText, product, strides, type Values } from '../../layers';
import { crsOfGeometries, type Geometry, geometryDimension, reprojectGeometry } from '../../vector/geometry';
import { createAreaReader } from '../area-reader';
import { instantOf } from '../dataset/time';
import { rasterOn } from '../layers';
import { pickIndex } from '../pick';
import type { Batch, BatchColumn, Column, Table } from './model';
import { labelParts, type Range } from './parts';

export interface CubeTableOptions {
  /** Columns of geometries: left out, or in a reference system (`own`: as they are). */
  readonly geometries: 'none' | 'own' | Crs;
}

/** Values of a batch, of all bands together. */
const batchValues = 1 << 20;

/** One column of labels of a dimension, or of what is known of its labels. */
interface LabelColumn extends Column {
  readonly dimension: number;
  readonly labels: readonly unknown[];
}

function uniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`;
    taken.add(name);
    return name;
  };
}

function kindOf(labels: readonly unknown[]): Column['kind'] {
  const known = labels.filter((label) => label !== null && label !== undefined);
  if (known.length > 0 && known.every((label) => typeof label === 'number')) return 'float64';
  if (known.length > 0 && known.every((label) => typeof label === 'boolean')) return 'boolean';
  if (known.length > 0 && known.every((label) => instantOf(label) !== undefined)) return 'time';
  return 'text';
}

function labelColumn(name: string, dimension: number, labels: readonly unknown[]): LabelColumn {
  const kind = kindOf(labels);
  const values =
    kind === 'text'
      ? labels.map((label) => (label === null || label === undefined ? null : labelText(label)))
      : labels;
  return { name, kind, isValue: false, dimension, labels: values };
}

/** Columns for a dimension; geometries have their identifiers (or numbers), properties and themselves. */
function columnsOf(
  dimension: Dimension,
  index: number,
  options: CubeTableOptions,
  names: (name: string) => string,
): LabelColumn[] {
  const labels = dimension.labels ?? [];
  if (dimension.type !== 'geometry') return [labelColumn(names(dimension.name), index, labels)];
  const own = dimension.features ?? [];
  const shape = options.geometries;
  const name = names(dimension.name);
  const id = shape === 'none' ? name : names('id');
  const columns = [
    labelColumn(
      id,
      index,
      labels.map((_, at) => own[at]?.id ?? at),
    ),
  ];
  const keys = new Set(own.flatMap(({ properties }) => Object.keys(properties ?? {})));
  for (const key of keys) {
    const values = own.map(({ properties }) =>
      properties && Object.hasOwn(properties, key) ? properties[key] : null,
    );
    columns.push(labelColumn(names(key), index, values));
  }
  if (shape === 'none') return columns;
  const from = crsOfGeometries(dimension);
  const geometries = (labels as readonly (Geometry | null)[]).map((label) =>
    shape === 'own' ? label : reprojectGeometry(label, from, shape),
  );
  columns.push({ name, kind: 'geometry', isValue: false, dimension: index, labels: geometries });
  return columns;
}

interface Layout {
  readonly cube: Cube;
  readonly grid?: Grid;
  readonly layers: readonly Dimension[];
  readonly bands?: Dimension;
  /** `layers` without the bands. */
  readonly rows: readonly Dimension[];
}

/** The values of one band in the order of rows: combinations of labels, then pixels. */
function bandValues(
  source: Values,
  layout: Layout,
  ranges: readonly Range[],
  pixels: number,
  band: number,
): Values {
  const { layers, bands } = layout;
  const counts = layers.map((layer) =>
    layer === bands ? labelCount(layer) : ranges[layout.rows.indexOf(layer)].count,
  );
  if (!bands) return source;
  const axis = layers.indexOf(bands);
  const inner = product(counts.slice(axis + 1)) * pixels;
  return pickIndex(source, [product(counts.slice(0, axis)), counts[axis], inner], band);
}

/** The labels of a column for each row: those of its dimension, each repeated for all inner ones. */
function repeated({ labels, dimension }: LabelColumn, ranges: readonly Range[], pixels: number): Values {
  const counts = ranges.map(({ count }) => count);
  const rows = product(counts) * pixels;
  const values: Values = labels.every((label) => typeof label === 'number')
    ? new Float64Array(rows)
    : new Array<unknown>(rows);
  const step = strides(counts)[dimension] * pixels;
  const { from, count } = ranges[dimension];
  for (let start = 0, index = 0; start < rows; start += step, index = (index + 1) % count)
    values.fill(labels[from + index] as never, start, start + step);
  return values;
}

function horizontalValues(grid: Grid, axis: 'x' | 'y', combinations: number): Float64Array {
  const labels = gridLabels(grid, axis);
  const plane = new Float64Array(grid.width * grid.height);
  for (let row = 0; row < grid.height; row++) {
    const start = row * grid.width;
    if (axis === 'y') plane.fill(labels[row], start, start + grid.width);
    else plane.set(labels, start);
  }
  if (combinations === 1) return plane;
  const values = new Float64Array(combinations * plane.length);
  for (let index = 0; index < combinations; index++) values.set(plane, index * plane.length);
  return values;
}

type Part = {
  readonly block: Pick<Block, 'data' | 'valid'>;
  readonly ranges: readonly Range[];
  readonly grid?: Grid;
};

/** Reads all of a cube in parts of limited size, in the order of rows. */
async function* readParts(
  { cube, grid, layers, rows, bands }: Layout,
  signal: AbortSignal,
): AsyncGenerator<Part> {
  const bandCount = bands ? labelCount(bands) : 1;
  const pixels = grid ? grid.width * grid.height : 1;
  const raster = grid && rasterOn(cube, grid);
  const read = raster && createAreaReader(raster, signal);
  let from = 0;
  for (const ranges of labelParts(rows.map(labelCount), bandCount * pixels, batchValues)) {
    const select: Window['select'] = new Map(
      rows.flatMap((dimension, index) => {
        const range = ranges[index];
        if (range.count === labelCount(dimension)) return [];
        return [[dimension.name, Array.from({ length: range.count }, (_, i) => range.from + i)] as const];
      }),
    );
    if (!grid || !read) {
      yield { block: await cube.read({ select }, signal), ranges };
      continue;
    }
    const count = product(
      layers.map((layer) => (layer === bands ? bandCount : ranges[rows.indexOf(layer)].count)),
    );
    const height = Math.min(grid.height, Math.max(1, Math.floor(batchValues / (count * grid.width))));
    for (let row = 0; row < grid.height; row += height) {
      const area = { column: 0, row, width: grid.width, height: Math.min(height, grid.height - row) };
      const block = await read(area, { from, count, select });
      const part = { ...grid, originY: grid.originY - row * grid.resY, height: area.height };
      yield { block, ranges, grid: part };
    }
    from += count;
  }
}

/** A cube as a table: a row for each combination of labels and each pixel, a column for each band. */
export function tableOfCube(cube: Cube, grid: Grid | undefined, options: CubeTableOptions): Table {
  const layers = layerDimensions(cube);
  const bands = layers.find(({ type }) => type === 'bands');
  const rows = layers.filter((dimension) => dimension !== bands);
  const layout: Layout = { cube, ...(grid && { grid }), layers, ...(bands && { bands }), rows };
  const names = uniqueNames();
  const labels = rows.flatMap((dimension, index) => columnsOf(dimension, index, options, names));
  const axes = (['y', 'x'] as const).flatMap((axis) =>
    cube.dimensions
      .filter((d) => isHorizontal(cube, d) && d.type === 'spatial' && d.axis === axis)
      .map(({ name }) => ({ axis, name: names(name), kind: 'float64', isValue: false }) as const),
  );
  const values: Column[] = (bands ? (bands.labels ?? []).map(labelText) : ['value']).map((name) => ({
    name: names(name),
    kind: cube.dataType,
    isValue: true,
  }));
  const zones = geometryDimension(cube);
  const crs = grid?.crs ?? (zones && crsOfGeometries(zones));
  return {
    columns: [...labels, ...axes, ...values],
    ...(crs && { crs }),
    async *batches(signal): AsyncGenerator<Batch> {
      const rest = createPace(signal);
      const isNanMissing = cube.missing === 'nan';
      for await (const { block, ranges, grid: part } of readParts(layout, signal)) {
        const pixels = part ? part.width * part.height : 1;
        const combinations = product(ranges.map(({ count }) => count));
        const bandColumn = (band: number): BatchColumn => {
          const valid = block.valid && bandValues(block.valid, layout, ranges, pixels, band);
          return {
            values: bandValues(block.data, layout, ranges, pixels, band),
            ...(valid ? { valid: valid as Uint8Array } : { isNanMissing }),
          };
        };
        const columns: BatchColumn[] = [];
        for (const make of [
          ...labels.map((column) => () => ({ values: repeated(column, ranges, pixels) })),
          ...axes.map(({ axis }) => () => ({ values: horizontalValues(part!, axis, combinations) })),
          ...values.map((_, band) => () => bandColumn(band)),
        ]) {
          columns.push(make());
          await rest();
        }
        yield { rows: combinations * pixels, columns };
      }
    },
  };
}

import { coverage } from '../../raster/crop';
import { type Block, type Cube, layerDimensions, type Window } from '../../raster/cube';
import {
  allIndices,
  blockShape,
  copyValues,
  createValuesLike,
  forEachIndex,
  missingBlock,
  planeLength,
  product,
  strides,
  type Values,
} from '../../raster/layers';
import { dropPixels, toMaskForm, widest } from '../../raster/missing-values';
import { joinPlanes } from './along-dimension';
import type { ValueCallback } from './cube-callbacks';
import { type MergePlan, ownLayers } from './merge-plan';

/** The planes of one cube that a window of the merged cube needs. */
interface Side {
  readonly block: Block;
  /** For each plane of the merged window, its plane in the block; -1 where the cube has none. */
  readonly planes: Int32Array;
  /** Which pixels count. */
  readonly cover: 'all' | 'none' | Uint8Array;
}

interface Request {
  readonly plan: MergePlan;
  /** The merged cube. */
  readonly layout: Pick<Cube, 'grid' | 'dimensions' | 'missing' | 'dataType'>;
  /** The form of missing values that the cubes are read in; the merged cube may have a mask although they have none. */
  readonly form: Cube['missing'];
  readonly window: Window;
  readonly signal: AbortSignal;
}

/** The plane of a cube's block for each plane of the merged window, and the labels to read for it. */
function mapPlanes(request: Request, side: 'first' | 'second') {
  const { plan, layout, window } = request;
  const own = new Set(ownLayers(plan[side]));
  const layers = layerDimensions(layout);
  const select = new Map<string, readonly number[]>();
  // For each layer and wanted label: its position among the labels that are read, 0 for dimensions it lacks.
  const positions = layers.map(({ name }) => {
    const union = plan.unions.get(name)!;
    const wanted = window.select?.get(name) ?? allIndices(union.labels.length);
    if (!own.has(name)) return wanted.map(() => 0);
    const sources = wanted.map((index) => union[side][index]);
    const read = [...new Set(sources.filter((source) => source >= 0))];
    select.set(name, read);
    const position = new Map(read.map((source, index) => [source, index]));
    return sources.map((source) => position.get(source) ?? -1);
  });
  const ownNames = ownLayers(plan[side]);
  const steps = strides(ownNames.map((name) => select.get(name)!.length));
  const stepOf = layers.map(({ name }) => (own.has(name) ? steps[ownNames.indexOf(name)] : 0));
  const lengths = positions.map((labels) => labels.length);
  const planes = new Int32Array(product(lengths));
  let plane = 0;
  forEachIndex(lengths, (index) => {
    let source = 0;
    for (let axis = 0; axis < index.length; axis++) {
      const position = positions[axis][index[axis]];
      source = position < 0 || source < 0 ? -1 : source + position * stepOf[axis];
    }
    planes[plane++] = source;
  });
  return { planes, select, lengths };
}

async function readSide(request: Request, side: 'first' | 'second'): Promise<Side> {
  const { plan, form, window, signal } = request;
  const cube = plan[side];
  const area = plan.areas?.[side];
  const cover = area && window.grid ? coverage(window.grid, area) : 'all';
  const { planes, select } = mapPlanes(request, side);
  if (cover === 'none' || planes.every((plane) => plane < 0))
    return {
      block: missingBlock({ ...cube, missing: form, dimensions: [] }, window),
      planes: planes.fill(-1),
      cover,
    };
  let block = await cube.read(cube.grid ? { grid: window.grid, select } : { select }, signal);
  if (form === 'mask') block = toMaskForm(block, cube.missing);
  if (!cube.grid && window.grid) block = spreadOverPixels(block, window);
  return { block, planes, cover };
}

/** A value per plane, repeated for every pixel. */
function spreadOverPixels(block: Block, window: Window): Block {
  const pixels = planeLength(window);
  const data = createValuesLike(block.data, block.data.length * pixels);
  const valid = block.valid && new Uint8Array(data.length);
  for (let plane = 0; plane < block.data.length; plane++) {
    (data as unknown[]).fill(block.data[plane], plane * pixels, (plane + 1) * pixels);
    valid?.fill(block.valid![plane], plane * pixels, (plane + 1) * pixels);
  }
  return { grid: window.grid, shape: blockShape(block.shape, window), data, valid };
}

/** The planes of a block in another order, without a copy where it is the same. */
function pickPlanes(
  block: Block,
  planes: readonly number[],
  pixels: number,
): { data: Values; valid?: Uint8Array } {
  const total = planes.length * pixels;
  if (block.data.length === total && planes.every((plane, index) => plane === index)) return block;
  const data = createValuesLike(block.data, total);
  const valid = block.valid && new Uint8Array(total);
  planes.forEach((plane, index) => {
    copyValues(block.data, plane * pixels, data, index * pixels, pixels);
    valid?.set(block.valid!.subarray(plane * pixels, (plane + 1) * pixels), index * pixels);
  });
  return { data, valid };
}

/** Writes planes into the merged block, all pixels or the covered ones. */
function put(
  target: { data: Values; valid?: Uint8Array },
  source: { data: Values; valid?: Uint8Array },
  from: number,
  to: number,
  pixels: number,
  cover: Side['cover'],
): void {
  if (cover === 'none') return;
  if (cover === 'all') {
    copyValues(source.data, from, target.data, to, pixels);
    if (target.valid) {
      if (source.valid) target.valid.set(source.valid.subarray(from, from + pixels), to);
      else target.valid.fill(1, to, to + pixels);
    }
    return;
  }
  for (let i = 0; i < pixels; i++) {
    if (cover[i] === 0) continue;
    target.data[to + i] = source.data[from + i] as number;
    if (target.valid) target.valid[to + i] = source.valid ? source.valid[from + i] : 1;
  }
}

function both(one: Side['cover'], other: Side['cover'], pixels: number): Side['cover'] {
  if (one === 'none' || other === 'none') return 'none';
  if (one === 'all') return other;
  if (other === 'all') return one;
  const result = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) result[i] = one[i] & other[i];
  return result;
}

/** @param resolver makes one value of `x` and `y`; needed where both cubes have a plane. */
export async function mergeWindow(request: Request, resolver: ValueCallback | undefined): Promise<Block> {
  const { layout, form, window, signal } = request;
  const [first, second] = await Promise.all([readSide(request, 'first'), readSide(request, 'second')]);
  const pixels = planeLength(window);
  const count = first.planes.length;
  const lengths = layerDimensions(layout).map(
    ({ name }) => window.select?.get(name)?.length ?? request.plan.unions.get(name)!.labels.length,
  );
  const shape = blockShape(lengths, window);
  const overlap = both(first.cover, second.cover, pixels);
  const pairs =
    overlap === 'none'
      ? []
      : allIndices(count).filter((plane) => first.planes[plane] >= 0 && second.planes[plane] >= 0);

  let resolved: { data: Values; valid?: Uint8Array } | undefined;
  if (pairs.length > 0 && pixels > 0 && resolver) {
    const pick = (side: Side) =>
      pickPlanes(
        side.block,
        pairs.map((plane) => side.planes[plane]),
        pixels,
      );
    const [x, y] = [pick(first), pick(second)];
    const planes = await resolver.run(
      new Map([
        ['x', { data: [x.data], valid: x.valid && [x.valid] }],
        ['y', { data: [y.data], valid: y.valid && [y.valid] }],
      ]),
      pairs.length * pixels,
      signal,
    );
    resolved = joinPlanes(planes, pairs.length * pixels);
    if (pairs.length === count && overlap === 'all') return { grid: window.grid, shape, ...resolved };
    if (pairs.length === count && request.plan.areas?.first === request.plan.areas?.second)
      return dropPixels({ grid: window.grid, shape, ...resolved }, layout.missing, overlap as Uint8Array);
  }

  const blank = missingBlock(layout, window);
  const kinds = [first, second].filter((side) => side.planes.some((plane) => plane >= 0));
  const kind = [...kinds.map((side) => side.block.data), ...(resolved ? [resolved.data] : [])];
  const target = {
    data:
      kind.length === 0 || layout.missing === 'nan'
        ? blank.data
        : createValuesLike(kind.reduce(widest), blank.data.length),
    valid: blank.valid,
  };
  if (layout.missing === 'nan' && kind.some((values) => values instanceof Float64Array))
    target.data = new Float64Array(blank.data.length).fill(Number.NaN);
  const blocks = new Map(
    [first, second].map((side) => [
      side,
      layout.missing === 'mask' ? toMaskForm(side.block, form) : side.block,
    ]),
  );
  for (let plane = 0; plane < count; plane++)
    for (const side of [second, first]) {
      const source = side.planes[plane];
      if (source >= 0) put(target, blocks.get(side)!, source * pixels, plane * pixels, pixels, side.cover);
    }
  pairs.forEach((plane, index) => {
    if (resolved) put(target, resolved, index * pixels, plane * pixels, pixels, overlap);
  });
  return { grid: window.grid, shape, ...target };
}

import { type Program, readsOf, type Step } from '../../schedule';
import { isNaNMissing, type Layout } from '../layout';

/** What is copied into memory before a block is computed: a plane or its mask. */
export interface CopyIn {
  readonly kind: 'plane' | 'mask';
  readonly plane: number;
  readonly offset: number;
}

/** Planes one after the other at equal distances, and their masks where they have some. */
export interface TableRegion {
  readonly values: number;
  readonly masks?: number;
}

/** Where things are in memory while a block of pixels is computed; offsets in bytes. */
export interface Regions {
  /** Pixels per block. */
  readonly capacity: number;
  readonly copies: readonly CopyIn[];
  readonly planes: ReadonlyMap<number, number>;
  readonly masks: ReadonlyMap<number, number>;
  readonly tables: ReadonlyMap<Step, TableRegion>;
  readonly buffers: readonly number[];
  readonly outputs: readonly number[];
  readonly outputMasks: readonly number[];
  /** Constants come last: how many there are shows when the code has been written. */
  readonly constants: number;
}

/** A block's share of the second-level cache; it has to hold the code's other data too. */
const blockBytes = 384 * 1024;
const maxCapacity = 8192;
/** Shorter blocks cost more to prepare than their pixels. */
const minCapacity = 64;

export const bytesPerPixel: Readonly<Record<string, number>> = {
  Uint8Array: 1,
  Uint8ClampedArray: 1,
  Int8Array: 1,
  Uint16Array: 2,
  Int16Array: 2,
  Uint32Array: 4,
  Int32Array: 4,
  Float32Array: 4,
  Float64Array: 8,
};

/** Undefined where a block of enough pixels does not fit. @param steps those that are compiled to vectors. */
export function planRegions(program: Program, layout: Layout, steps: readonly Step[]): Regions | undefined {
  const { planes, masks } = readsOfSteps(steps, program, layout);
  const tables = steps.flatMap((step) => (step.kind === 'segment' ? [] : [step]));
  const size = (plane: number) => bytesPerPixel[layout.planes[plane].array];
  const tableSize = (plane: number, isMasked: boolean) => size(plane) + (isMasked ? 1 : 0);
  let perPixel = 0;
  for (const plane of planes) perPixel += size(plane);
  perPixel += masks.length;
  for (const { nodes } of tables) {
    const isMasked = nodes[0].planes.some((plane) => layout.planes[plane].hasMask);
    for (const plane of nodes[0].planes) perPixel += tableSize(plane, isMasked);
  }
  for (const type of program.buffers) perPixel += type === 'number' ? 8 : 1;
  for (const { array, writesMask } of layout.outputs) perPixel += bytesPerPixel[array] + (writesMask ? 1 : 0);
  // Vectors of sixteen bytes stay aligned for every size of pixel.
  const capacity = Math.min(maxCapacity, Math.floor(blockBytes / Math.max(1, perPixel) / 16) * 16);
  if (capacity < minCapacity) return undefined;

  let end = 0;
  const take = (bytes: number) => {
    const offset = end;
    end += bytes * capacity;
    return offset;
  };
  const copies: CopyIn[] = [];
  const copy = (kind: CopyIn['kind'], plane: number) => {
    const offset = take(kind === 'plane' ? size(plane) : 1);
    copies.push({ kind, plane, offset });
    return offset;
  };
  const tableRegion = (table: readonly number[]): TableRegion => {
    const values = end;
    for (const plane of table) copy('plane', plane);
    if (!table.some((plane) => layout.planes[plane].hasMask)) return { values };
    const masksAt = end;
    for (const plane of table) copy('mask', plane);
    return { values, masks: masksAt };
  };
  return {
    capacity,
    copies,
    planes: new Map(planes.map((plane) => [plane, copy('plane', plane)])),
    masks: new Map(masks.map((plane) => [plane, copy('mask', plane)])),
    tables: new Map(tables.map((step) => [step, tableRegion(step.nodes[0].planes)])),
    buffers: program.buffers.map((type) => take(type === 'number' ? 8 : 1)),
    outputs: layout.outputs.map(({ array }) => take(bytesPerPixel[array])),
    outputMasks: layout.outputs.map(({ writesMask }) => (writesMask ? take(1) : -1)),
    constants: end,
  };
}

/** Planes and masks that these steps read pixel by pixel, beside their tables. */
function readsOfSteps(
  steps: readonly Step[],
  program: Program,
  layout: Layout,
): { planes: number[]; masks: number[] } {
  const planes = new Set<number>();
  const masks = new Set<number>();
  for (const step of steps)
    for (const node of readsOf(step, program.outputs)) {
      if (node.op === 'load' || (node.op === 'valid' && isNaNMissing(layout, node.plane)))
        planes.add(node.plane);
      if (node.op === 'valid' && layout.planes[node.plane].hasMask) masks.add(node.plane);
    }
  return { planes: [...planes], masks: [...masks] };
}

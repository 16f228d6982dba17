import { control, i32 } from '../../../base/wasm/instructions';
import type { FoldStep } from '../../schedule';
import { parseTemplate } from '../expression';
import type { Layout } from '../layout';
import { Accumulator } from './accumulator';
import { bytesPerPixel, type TableRegion } from './regions';
import type { StepWriter } from './step-writer';

/** Planes per turn of the inner loop. */
const planesPerTurn = 4;

/** Whether a pass over planes consists of what vectors can do, over planes of one kind. */
export function foldHasVectors({ nodes }: FoldStep, layout: Layout): boolean {
  const arrays = new Set(nodes[0].planes.map((plane) => layout.planes[plane].array));
  return arrays.size === 1 && nodes.every((node) => parseTemplate(node.step) && parseTemplate(node.initial));
}

/** Passes over a table of planes; what has been found so far stays in registers. @throws NoVectors */
export function writeFold(writer: StepWriter, step: FoldStep): void {
  const { code, layout, regions, program } = writer;
  const { nodes } = step;
  const { planes } = nodes[0];
  const { array } = layout.planes[planes[0]];
  const region = regions.tables.get(step) as TableRegion;
  const folds = nodes.map((node) => new Accumulator(writer, node));
  const pixel = new Pointer(writer, bytesPerPixel[array], bytesPerPixel[array] * regions.capacity);
  const mask = region.masks === undefined ? undefined : new Pointer(writer, 1, regions.capacity);
  const turn = (count: number) => {
    for (let k = 0; k < count; k++) {
      const loaded = writer.load(array, region.values, pixel.local);
      const isSet = mask && writer.maskAt(region.masks as number, mask.local);
      for (const fold of folds) fold.step(loaded, isSet);
      pixel.advance();
      mask?.advance();
    }
  };
  pixel.reset();
  mask?.reset();
  for (const fold of folds) fold.begin();
  const turns = Math.floor(planes.length / planesPerTurn);
  if (turns > 1) {
    const left = code.local('i32');
    code.push('loop', i32.constant(turns), control.set(left), control.loop);
    turn(planesPerTurn);
    code.push('loop', control.get(left), i32.constant(-1), i32.add, control.tee(left), control.branchIf(0));
    code.push('loop', control.end);
    turn(planes.length % planesPerTurn);
  } else turn(planes.length);
  nodes.forEach((node, k) => {
    const buffer = regions.buffers[program.spills.get(node) as number];
    writer.store(node.type === 'number' ? 'Float64Array' : 'Uint8Array', buffer, folds[k].result());
  });
}

/** An address that moves from plane to plane. */
class Pointer {
  readonly local: number;

  constructor(
    readonly writer: StepWriter,
    readonly bytes: number,
    readonly stride: number,
  ) {
    this.local = writer.code.local('i32');
  }

  /** To the group of pixels in the first plane. */
  reset(): void {
    this.writer.code.push('loop', control.get(this.writer.pointer(this.bytes)), control.set(this.local));
  }

  advance(): void {
    const { local, stride, writer } = this;
    writer.code.push('loop', control.get(local), i32.constant(stride), i32.add, control.set(local));
  }
}

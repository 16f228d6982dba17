import type { Segment } from '../../schedule';
import { parseTemplate } from '../expression';
import { maxSorted, quantileOf } from './quantile';
import type { StepWriter } from './step-writer';

/** Whether straight-line code consists of what vectors can do. */
export function hasVectors({ nodes }: Segment): boolean {
  return nodes.every((node) =>
    node.op === 'code'
      ? parseTemplate(node.code) !== undefined
      : node.op === 'quantile' && node.operands.length <= 2 * maxSorted,
  );
}

/** Longer code is not written four times over. */
const maxRepeated = 64;

/** How many times four pixels the loop over a segment takes at once. */
export function quartersOf({ nodes, outputs }: Segment): 1 | 4 {
  const isShort = nodes.length + outputs.length <= maxRepeated;
  return isShort && nodes.every(({ op }) => op !== 'quantile') ? 4 : 1;
}

/** One loop of straight-line code. @throws NoVectors */
export function writeSegment(writer: StepWriter, step: Segment): void {
  for (let quarter = 0; quarter < writer.quarters; quarter++) {
    writer.begin(quarter);
    writeFour(writer, step);
  }
}

function writeFour(writer: StepWriter, step: Segment): void {
  const { program, layout, regions, lowering } = writer;
  for (const node of step.nodes) {
    const lane =
      node.op === 'quantile' ? writer.define(node, quantileOf(writer, node)) : writer.compute(node);
    const buffer = program.spills.get(node);
    if (buffer !== undefined)
      writer.store(node.type === 'number' ? 'Float64Array' : 'Uint8Array', regions.buffers[buffer], lane);
  }
  for (const index of step.outputs) {
    const { value, valid } = program.outputs[index];
    const { array, writesNaN, writesMask } = layout.outputs[index];
    const isValid = valid && (writesNaN || writesMask) ? writer.lane(valid) : lowering.truth(true);
    const lane = writer.lane(value);
    const written = writesNaN && valid ? lowering.select(isValid, lane, lowering.number(Number.NaN)) : lane;
    writer.store(array, regions.outputs[index], written);
    if (writesMask) writer.store('Uint8Array', regions.outputMasks[index], isValid);
  }
}

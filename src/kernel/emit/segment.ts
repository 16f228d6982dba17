import type { Node } from '../nodes';
import type { Segment } from '../schedule';
import { stored, type Writer } from './writer';

/** One loop of straight-line code. */
export function emitSegment(writer: Writer, step: Segment): string {
  for (const node of step.nodes) {
    const name = compute(writer, node);
    const buffer = writer.program.spills.get(node);
    if (buffer !== undefined) writer.line(`${writer.buffer(buffer)}[j] = ${stored(node, name)};`);
  }
  for (const index of step.outputs) store(writer, index);
  const body = writer.take();
  // A second counter costs a tenth of the time of short kernels, so it is there only for buffers.
  const loop = body.includes('[j]')
    ? 'let i = start, j = 0; i < end; i++, j++'
    : 'let i = start; i < end; i++';
  return `for (${loop}) {\n${body}\n}`;
}

function store(writer: Writer, index: number): void {
  const { value, valid } = writer.program.outputs[index];
  const { writesNaN, writesMask } = writer.layout.outputs[index];
  const name = stored(value, writer.name(value));
  const out = writer.declare(`o${index}`, `O[${index}]`);
  const isValid = valid && (writesNaN || writesMask) ? writer.name(valid) : 'true';
  writer.line(`${out}[i] = ${writesNaN ? `${isValid} ? ${name} : NaN` : name};`);
  if (writesMask) writer.line(`${writer.declare(`w${index}`, `W[${index}]`)}[i] = ${isValid} ? 1 : 0;`);
}

function compute(writer: Writer, node: Node): string {
  if (node.op !== 'quantile') return writer.define(node, writer.expression(node));
  return gather(
    writer,
    node,
    node.operands.map((operand) => writer.name(operand)),
  );
}

function gather(writer: Writer, node: Node, [probability, ...items]: readonly string[]): string {
  const buffer = writer.declare(`b${node.id}`, `new Float64Array(${items.length / 2})`);
  writer.line(`let n${node.id} = 0;`);
  for (let k = 0; k < items.length; k += 2)
    writer.line(`if (${items[k + 1]}) ${buffer}[n${node.id}++] = ${items[k]};`);
  return writer.define(node, `quantile(${buffer}, n${node.id}, ${probability})`);
}

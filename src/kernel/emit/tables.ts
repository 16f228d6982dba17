import type { FoldStep, RankStep } from '../schedule';
import { isNaNMissing } from './layout';
import { fill, stored, type Writer } from './writer';

/** More planes at once than this need more registers than there are. */
const planesPerPass = 8;
/** Values that are gathered at a time. */
const rankValues = 16_384;

/** Passes over a table of planes that keep values per pixel in buffers. */
export function emitFold(writer: Writer, step: FoldStep): string {
  const { nodes } = step;
  const buffers = nodes.map((node) => writer.buffer(writer.program.spills.get(node) as number));
  const table = describeTable(writer, step);
  const extras = nodes.map((node) => node.operands.map((operand) => writer.name(operand)));
  const prepare = writer.take();
  const one = (plane: string, mask: string) => {
    const item = nodes[0].itemType === 'boolean' ? `${plane}[i] !== 0` : `${plane}[i]`;
    const steps = nodes.map((node, k) => {
      const text = node.step.replace(/\$a/g, `a${k}`).replace(/\$v/g, 'v').replace(/\$m/g, 'm');
      return `a${k} = ${fill(text, extras[k])};`;
    });
    return `{ const v = ${item}; const m = ${table.valid(plane, mask)}; ${steps.join(' ')} }`;
  };
  const pass = (first: string, width: number) => {
    const planes = Array.from({ length: width }, (_, k) => k);
    // Not `p0`: that is the first plane where an operand reads it.
    const locals = planes.map((k) => `const t${k} = T[${first} + ${k}]; const u${k} = M[${first} + ${k}];`);
    const read = nodes.map(
      (node, k) =>
        `let a${k} = ${first} === 0 ? ${node.initial} : ${buffers[k]}[j]${node.type === 'boolean' ? ' !== 0' : ''};`,
    );
    const items = planes.map((k) => one(`t${k}`, `u${k}`));
    const write = nodes.map((node, k) => `${buffers[k]}[j] = ${stored(node, `a${k}`)};`);
    const body = [prepare, ...read, ...items, ...write].join('\n');
    return `${locals.join('\n')}\nfor (let i = start, j = 0; i < end; i++, j++) {\n${body}\n}`;
  };
  // Passes of about equal width: a pass over one plane costs nearly as much as one over four.
  const count = nodes[0].planes.length;
  const width = Math.ceil(count / Math.ceil(count / planesPerPass));
  const rest = count % width;
  const whole = `for (let g = 0; g < ${count - rest}; g += ${width}) {\n${pass('g', width)}\n}`;
  return rest === 0 ? whole : `${whole}\n{\n${pass(String(count - rest), rest)}\n}`;
}

/** Gathers the values of some pixels at a time and selects the wanted ranks. */
export function emitRank(writer: Writer, step: RankStep): string {
  const { nodes } = step;
  const buffers = nodes.map((node) => writer.buffer(writer.program.spills.get(node) as number));
  const table = describeTable(writer, step);
  const size = Math.max(4, Math.min(64, Math.floor(rankValues / nodes[0].planes.length)));
  const count = nodes[0].planes.length;
  const probabilities = nodes.map((node) => writer.name(node.operands[0]));
  const prepare = writer.take();
  const results = nodes.map(
    (_, k) =>
      `${buffers[k]}[j] = bad[q] !== 0 ? NaN : quantileOfNumbers(sorted, q * ${count}, filled[q], ${probabilities[k]});`,
  );
  return `const sorted = new Float64Array(${size * count});
const filled = new Int32Array(${size});
const bad = new Uint8Array(${size});
for (let first = start; first < end; first += ${size}) {
const last = first + ${size} < end ? first + ${size} : end;
filled.fill(0);
bad.fill(0);
for (let k = 0; k < ${count}; k++) {
const p = T[k];
const mask = M[k];
for (let i = first, q = 0; i < last; i++, q++) {
const v = p[i];
if (${table.valid('p', 'mask')}) { if (v !== v) bad[q] = 1; sorted[q * ${count} + filled[q]++] = v; }
}
}
for (let i = first, q = 0, j = first - start; i < last; i++, j++, q++) {
${prepare}
${results.join('\n')}
}
}`;
}

function describeTable(
  writer: Writer,
  step: FoldStep | RankStep,
): { valid(plane: string, mask: string): string } {
  const layouts = step.nodes[0].planes.map((plane) => writer.layout.planes[plane]);
  const arrays = [...new Set(layouts.map((layout) => layout.array))].sort().join(' or ');
  writer.line(`/* ${arrays} */`);
  const hasMasks = layouts.some((layout) => layout.hasMask);
  const mayBeNaN = step.nodes[0].planes.some((plane) => isNaNMissing(writer.layout, plane));
  const isNumber = !('itemType' in step.nodes[0]) || step.nodes[0].itemType === 'number';
  return {
    valid: (plane, mask) => {
      const isSet = `${mask}[i] !== 0`;
      if (!mayBeNaN) return hasMasks ? isSet : 'true';
      const isNumeric = isNumber ? 'v === v' : `${plane}[i] === ${plane}[i]`;
      return hasMasks ? `${isSet} && ${isNumeric}` : isNumeric;
    },
  };
}

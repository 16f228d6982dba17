import type { NumericArray } from '../raster/cube';
import type { Node } from './nodes';
import type { Program } from './schedule';

/** What the constructor is called that made it, or that the constructor extends. */
export function arrayName(array: NumericArray): string {
  return array[Symbol.toStringTag];
}

/** The planes that a program reads. */
export function usedPlanes({ steps, outputs }: Program): number[] {
  const used = new Set<number>();
  const visit = (node: Node): void => {
    if (node.op === 'load' || node.op === 'valid') used.add(node.plane);
    if (node.op === 'fold' || node.op === 'rank') for (const plane of node.planes) used.add(plane);
  };
  for (const step of steps)
    for (const node of step.nodes) {
      visit(node);
      node.operands.forEach(visit);
    }
  for (const { value, valid } of outputs) {
    visit(value);
    if (valid) visit(valid);
  }
  return [...used].sort((a, b) => a - b);
}

/** What a step goes through plane by plane; masks of ones stand where some planes have masks and others none. */
export function tableOf(
  table: readonly number[],
  planes: readonly NumericArray[],
  masks: readonly (Uint8Array | undefined)[],
  count: number,
): { planes: NumericArray[]; masks: (Uint8Array | undefined)[] } {
  const all = table.some((plane) => masks[plane]) ? new Uint8Array(count).fill(1) : undefined;
  return { planes: table.map((plane) => planes[plane]), masks: table.map((plane) => masks[plane] ?? all) };
}

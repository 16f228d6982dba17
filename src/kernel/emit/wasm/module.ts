import { name, preamble, section, unsigned, valueTypes, vector } from '../../../base/wasm/encode';
import type { BoundValues } from '../../bound-values';
import type { Program, Step } from '../../schedule';
import type { Layout } from '../layout';
import { NoVectors } from './code';
import { foldHasVectors, writeFold } from './fold';
import { maxSorted, writeRank } from './quantile';
import { planRegions, type Regions } from './regions';
import { hasVectors, quartersOf, writeSegment } from './segment';
import { StepWriter } from './step-writer';

/** The steps of a program that vectors can do, as one WebAssembly module. */
export interface VectorCode {
  /** It imports the memory `k.m` and exports a function of the number of pixels for each of `steps`, by position. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each step of the program its function, undefined where it stays JavaScript. */
  readonly functions: readonly (string | undefined)[];
  readonly regions: Regions;
}

/**
 * Writes the module. It consists of fixed instructions, addresses and numbers that count things; constants of the
 * graph are read from memory.
 *
 * @param memoryBytes how much memory there is.
 * @returns undefined where no step has vectors, or a block does not fit.
 */
export function emitVectors(
  program: Program,
  layout: Layout,
  bound: BoundValues,
  memoryBytes: number,
): VectorCode | undefined {
  const steps = program.steps.filter((step) => canWrite(step, layout));
  const regions = steps.length > 0 ? planRegions(program, layout, steps) : undefined;
  if (!regions) return undefined;
  const bodies: number[][] = [];
  const functions = program.steps.map((step) => {
    const body = steps.includes(step) ? bodyOf(step, program, layout, regions, bound) : undefined;
    return body && String(bodies.push(body) - 1);
  });
  if (bodies.length === 0 || regions.constants + 8 * bound.size > memoryBytes) return undefined;
  const bytes = Uint8Array.from([
    ...preamble,
    ...section(1, vector([[0x60, 1, valueTypes.i32, 0]])),
    ...section(2, vector([[...name('k'), ...name('m'), 0x02, 0x00, 0x01]])),
    ...section(3, vector(bodies.map(() => [0]))),
    ...section(7, vector(bodies.map((_, index) => [...name(String(index)), 0x00, ...unsigned(index)]))),
    ...section(10, vector(bodies)),
  ]);
  return { bytes, functions, regions };
}

function canWrite(step: Step, layout: Layout): boolean {
  if (step.kind === 'segment') return hasVectors(step);
  if (step.kind === 'rank') return step.nodes[0].planes.length <= maxSorted;
  return foldHasVectors(step, layout);
}

function bodyOf(
  step: Step,
  program: Program,
  layout: Layout,
  regions: Regions,
  bound: BoundValues,
): number[] | undefined {
  const quarters = step.kind === 'segment' ? quartersOf(step) : 1;
  const writer = new StepWriter(program, layout, regions, bound, quarters);
  try {
    if (step.kind === 'segment') writeSegment(writer, step);
    else if (step.kind === 'fold') writeFold(writer, step);
    else writeRank(writer, step);
    return writer.finish();
  } catch (error) {
    if (error instanceof NoVectors) return undefined;
    throw error;
  }
}

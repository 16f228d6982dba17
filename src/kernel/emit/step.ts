import type { ScalarFunction } from '../nodes';
import type { Program, Step } from '../schedule';
import type { Layout } from './layout';
import { emitSegment } from './segment';
import { emitFold, emitRank } from './tables';
import { Writer } from './writer';

/** Code of one step, and the functions of ours that it calls. */
export interface StepCode {
  readonly source: string;
  readonly functions: readonly ScalarFunction[];
}

/**
 * The code of a step: the body of a function of planes `P`, their masks `V`, constants `K`, block buffers `S`,
 * outputs `O`, output masks `W` and the pixel range `start` to `end`. It consists of templates of ours and of
 * numbers that count things; nothing of a user's is part of it.
 */
export function emitStep(step: Step, program: Program, layout: Layout): StepCode {
  const writer = new Writer(program, layout);
  const body =
    step.kind === 'segment'
      ? emitSegment(writer, step)
      : step.kind === 'fold'
        ? emitFold(writer, step)
        : emitRank(writer, step);
  return { source: writer.source(body), functions: writer.functions };
}

import type { Callback } from '../graph/types';
import { FusedProgram } from './fused';
import { runGeneral } from './general';
import { KernelTooLarge, NoKernel } from './nodes';
import { arrayItems, type Kernel, type Operand, type Scalar } from './operands';
import { type Trace, traceCallback, traceKernel } from './trace';
import type { CallbackShape, Evaluator } from './types';
import type { Form } from './variants';

/**
 * Makes a callback ready for pixels: compiled into fused loops where all of its processes have a kernel,
 * called pixel by pixel where not.
 *
 * @example
 * const evaluator = createEvaluator(reducer, {
 *   inputs: new Map([['data', { kind: 'array', length: 2, labels: ['B04', 'B08'] }], ['context', { kind: 'value', value: null }]]),
 *   missing: 'nan',
 * });
 * const { data } = await evaluator.run(new Map([['data', { data: [red, nir] }]]), red.length, signal);
 *
 * @throws OpenEOError `ProcessParameterRequired` where no scope has a parameter; ProcessException where each
 *   pixel would throw it (an array without the wanted element, for example).
 */
export function createEvaluator(callback: Callback, shape: CallbackShape): Evaluator {
  return createFused(callback, shape) ?? createGeneral(callback, shape);
}

/** The general path alone; also the reference in tests. */
export function createGeneral(callback: Callback, shape: CallbackShape): Evaluator {
  return {
    isFused: false,
    outputs: undefined,
    reads: () => 'all',
    run: (inputs, count, signal) => runGeneral(callback, shape, inputs, count, signal),
  };
}

/**
 * Makes one process ready for pixels, whose arguments are the inputs of the shape.
 * @param form the result as bytes, such as the entries of a palette: the kernel has to give numbers from 0 to 255,
 *   whose fractions are cut off, or NaN, which becomes 0.
 * @throws NoKernel where it cannot be fused for these inputs; TypeError (by `run`) for planes that are no typed arrays
 */
export function createKernel(
  kernel: Kernel,
  shape: CallbackShape,
  form: Pick<Form, 'bytes'> = {},
): Evaluator {
  const otherwise = () => {
    throw new TypeError('A kernel without a callback computes with typed arrays alone');
  };
  const evaluator = fuse(() => traceKernel(kernel, shape), shape, otherwise, form);
  if (!evaluator) throw new NoKernel();
  return evaluator;
}

function createFused(callback: Callback, shape: CallbackShape): Evaluator | undefined {
  return fuse(
    () => traceOf(callback, shape),
    shape,
    (inputs, count, signal) => runGeneral(callback, shape, inputs, count, signal),
  );
}

/** @param otherwise for planes that fused code cannot take */
function fuse(
  retrace: () => Trace | undefined,
  shape: CallbackShape,
  otherwise: Evaluator['run'],
  form: Form = {},
): Evaluator | undefined {
  const trace = retrace();
  if (!trace) return undefined;
  const array = arrayItems(trace.result);
  const outputs = scalarsOf(trace, array ? array.items : [trace.result]);
  if (!outputs) return undefined;
  const program = new FusedProgram(trace, outputs, form);
  const reads = new Map<string, number[] | 'all'>();
  for (const index of program.used) {
    const { parameter, element } = trace.planes[index];
    const list = (reads.get(parameter) ?? []) as number[];
    list.push(element);
    reads.set(parameter, list);
  }
  for (const [name, input] of shape.inputs) {
    const length = input.kind === 'array' ? input.length : 1;
    if (reads.get(name)?.length === length) reads.set(name, 'all');
  }
  const canFollow = !form.bytes && !array && outputs[0].type === 'number';
  const run: Evaluator['run'] = (inputs, count, signal) =>
    program.run(inputs, count, signal) ?? otherwise(inputs, count, signal);
  return {
    isFused: true,
    outputs: outputs.length,
    labels: array?.hasVaryingLabels ? undefined : array?.labels,
    isArray: array !== undefined,
    outputTypes: outputs.map((output) => output.type),
    reads: (parameter) => reads.get(parameter) ?? [],
    run,
    followedBy: (step) =>
      // Variants add nodes to what was traced, so that a step needs a trace of its own.
      canFollow ? fuse(retrace, shape, afterwards(step, run, shape), { bytes: true, step }) : undefined,
  };
}

/** What a step makes of the planes that an evaluator made. */
function afterwards(step: Kernel, run: Evaluator['run'], { missing }: CallbackShape): Evaluator['run'] {
  return async (inputs, count, signal) => {
    const { data, valid } = await run(inputs, count, signal);
    const x = Array.isArray(data[0]) ? Float64Array.from(data[0], numberOf) : data[0];
    const single: CallbackShape = { inputs: new Map([['x', { kind: 'plane' }]]), missing };
    return createKernel(step, single, { bytes: true }).run(
      new Map([['x', { data: [x], valid }]]),
      count,
      signal,
    );
  };
}

function numberOf(value: unknown): number {
  return Number(value ?? Number.NaN);
}

function traceOf(callback: Callback, shape: CallbackShape): Trace | undefined {
  try {
    return traceCallback(callback, shape);
  } catch (error) {
    if (error instanceof NoKernel || error instanceof KernelTooLarge) return undefined;
    throw error;
  }
}

function scalarsOf({ builder }: Trace, operands: readonly Operand[]): Scalar[] | undefined {
  const scalars: Scalar[] = [];
  for (const operand of operands) {
    const scalar = builder.scalar(operand);
    if (!scalar) return undefined;
    scalars.push(scalar);
  }
  return scalars;
}

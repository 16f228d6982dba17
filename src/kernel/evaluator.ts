import type { Callback } from '../graph/types';
import { FusedProgram } from './fused';
import { runGeneral } from './general';
import { KernelTooLarge, NoKernel } from './nodes';
import { arrayItems, type Kernel, type Operand, type Scalar } from './operands';
import { type Trace, traceCallback, traceKernel } from './trace';
import type { CallbackShape, Evaluator } from './types';

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
 * @param bytes numbers of the result are whole, from 0 to 255, and kept as bytes: such as the entries of a palette.
 *   Bytes have no no-data, so the kernel has to give a value for it.
 * @throws NoKernel where it cannot be fused for these inputs; TypeError (by `run`) for planes that are no typed arrays
 */
export function createKernel(kernel: Kernel, shape: CallbackShape, { bytes = false } = {}): Evaluator {
  const otherwise = () => {
    throw new TypeError('A kernel without a callback computes with typed arrays alone');
  };
  const evaluator = fuse(traceKernel(kernel, shape), shape, otherwise, bytes);
  if (!evaluator) throw new NoKernel();
  return evaluator;
}

function createFused(callback: Callback, shape: CallbackShape): Evaluator | undefined {
  const trace = traceOf(callback, shape);
  return (
    trace && fuse(trace, shape, (inputs, count, signal) => runGeneral(callback, shape, inputs, count, signal))
  );
}

/** @param otherwise for planes that fused code cannot take */
function fuse(
  trace: Trace,
  shape: CallbackShape,
  otherwise: Evaluator['run'],
  bytes = false,
): Evaluator | undefined {
  const array = arrayItems(trace.result);
  const outputs = scalarsOf(trace, array ? array.items : [trace.result]);
  if (!outputs) return undefined;
  const program = new FusedProgram(trace, outputs, bytes);
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
  return {
    isFused: true,
    outputs: outputs.length,
    labels: array?.hasVaryingLabels ? undefined : array?.labels,
    isArray: array !== undefined,
    outputTypes: outputs.map((output) => output.type),
    reads: (parameter) => reads.get(parameter) ?? [],
    run: (inputs, count, signal) => program.run(inputs, count, signal) ?? otherwise(inputs, count, signal),
  };
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

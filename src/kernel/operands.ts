import { LabeledArray } from '../graph/types';
import type { Builder } from './builder';
import { type Node, NoKernel, type ValueType } from './nodes';

/** A value that is the same for all pixels and known before any is read. */
export interface Constant {
  readonly kind: 'constant';
  readonly value: unknown;
}

/** One value per pixel. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly type: ValueType;
  readonly node: Node;
  /** The pixel is no-data unless all of these hold. Sorted by id; empty: never no-data. */
  readonly valid: readonly Node[];
  /** The node is NaN wherever the pixel is no-data, so a NaN for no-data need not be written. */
  readonly isNaNWhenInvalid: boolean;
}

/** An array of known length, as it is at every pixel. */
export interface ArrayOperand {
  readonly kind: 'array';
  readonly items: readonly Operand[];
  readonly labels?: readonly (number | string)[];
  /** See {@link varyingLabels}. */
  readonly hasVaryingLabels?: true;
}

/**
 * An array whose elements have other labels at each pixel. Elements are found by index; a kernel that asks for
 * the labels ends the attempt, and the general path takes over.
 */
export function varyingLabels(items: readonly Operand[]): ArrayOperand {
  return {
    kind: 'array',
    items,
    hasVaryingLabels: true,
    get labels(): never {
      throw new NoKernel();
    },
  };
}

/** A process graph given as an argument. */
export interface CallbackOperand {
  readonly kind: 'callback';
  /** Continues the kernel with the callback's graph; undefined where that has no kernel. */
  inline(values: ReadonlyMap<string, Operand>): Operand | undefined;
}

export type Operand = Constant | Scalar | ArrayOperand | CallbackOperand;

/**
 * How a process becomes kernel code. It describes the result with `build` from its operands, or returns
 * undefined where the general path has to be taken (operands of types that kernels don't handle).
 * A process that has one must be pure: `run` with equal arguments gives equal results and needs no context.
 *
 * @throws ProcessException where `run` would throw it for every pixel.
 */
export type Kernel = (args: ReadonlyMap<string, Operand>, build: Builder) => Operand | undefined;

export function constant(value: unknown): Constant {
  return { kind: 'constant', value };
}

/** An operand that is known to be a value per pixel. */
export function scalarOf(operand: Operand | undefined): Scalar {
  if (operand?.kind !== 'scalar') throw new NoKernel();
  return operand;
}

/** The elements of an array operand, also of a constant array; undefined for other operands. */
export function arrayItems(operand: Operand | undefined): ArrayOperand | undefined {
  if (operand?.kind === 'array') return operand;
  if (operand?.kind !== 'constant') return undefined;
  const { value } = operand;
  if (Array.isArray(value)) return { kind: 'array', items: value.map(constant) };
  if (value instanceof LabeledArray)
    return { kind: 'array', items: value.values.map(constant), labels: value.labels };
  return undefined;
}

/** The value of an argument that must be known beforehand; `fallback` where it is absent. */
export function constantOf(
  operand: Operand | undefined,
  fallback: unknown,
): { readonly value: unknown } | undefined {
  if (operand === undefined) return { value: fallback };
  return operand.kind === 'constant' ? operand : undefined;
}

/** A flag that must be known beforehand; undefined where it is computed or no boolean. */
export function flagOf(operand: Operand | undefined, fallback: boolean): boolean | undefined {
  const value = constantOf(operand, fallback)?.value;
  return typeof value === 'boolean' ? value : undefined;
}

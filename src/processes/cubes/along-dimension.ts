import type { Planes } from '../../kernel/types';
import type { Block } from '../../raster/cube';
import { copyValues, createValuesLike, product, sliceValues, type Values } from '../../raster/layers';
import { widest } from '../../raster/missing-values';
import type { ValueCallback } from './cube-callbacks';

/** Values along one axis of a block: `before` × `length` × `after`, in C order. */
export interface Axis {
  /** Product of the lengths of the axes before it. */
  readonly before: number;
  /** How many elements the evaluator's array has. */
  readonly length: number;
  /** Which of them the block has, in its order. */
  readonly read: readonly number[];
  /** Where in the block each of `read` is, when it has others too; and how many it has. */
  readonly at?: readonly number[];
  readonly total?: number;
  /** Product of the lengths of the axes after it, pixels included. */
  readonly after: number;
}

/** Pieces shorter than this are gathered, so that the evaluator runs once and not for each piece. */
const shortPiece = 4096;

/** Planes of the array parameter for the pieces `first` to `last` of the axes before. */
function gather(block: Block, axis: Axis, first: number, last: number): Planes {
  const { length, read, after, at, total = axis.read.length } = axis;
  const data = new Array<Values>(length).fill(createValuesLike(block.data, 0));
  const valid = block.valid && new Array<Uint8Array | undefined>(length).fill(undefined);
  const pieces = last - first;
  read.forEach((element, position) => {
    const start = (piece: number) => ((first + piece) * total + (at ? at[position] : position)) * after;
    if (pieces === 1) {
      data[element] = sliceValues(block.data, start(0), start(0) + after);
      if (valid) valid[element] = block.valid!.subarray(start(0), start(0) + after);
      return;
    }
    const plane = createValuesLike(block.data, pieces * after);
    const validity = valid && new Uint8Array(pieces * after);
    for (let piece = 0; piece < pieces; piece++) {
      copyValues(block.data, start(piece), plane, piece * after, after);
      validity?.set(block.valid!.subarray(start(piece), start(piece) + after), piece * after);
    }
    data[element] = plane;
    if (valid) valid[element] = validity;
  });
  return { data, valid };
}

/** Values and validity in the layout `before` × outputs × `after`. */
export interface AlongResult {
  readonly outputs: number;
  readonly data: Values;
  readonly valid?: Uint8Array;
}

/**
 * Evaluates a callback that takes an array for every position of a block beside one axis.
 * @param parameter the callback's name of the array.
 */
export async function evaluateAlong(
  callback: ValueCallback,
  parameter: string,
  block: Block,
  axis: Axis,
  signal: AbortSignal,
): Promise<AlongResult> {
  const { before, after } = axis;
  const total = before * after;
  const run = async (first: number, last: number) => {
    signal.throwIfAborted();
    const inputs = new Map([[parameter, gather(block, axis, first, last)]]);
    return await callback.run(inputs, (last - first) * after, signal);
  };
  if (before === 1) return joinPlanes(await run(0, 1), total);
  if (after >= shortPiece) {
    const pieces: AlongResult[] = [];
    for (let piece = 0; piece < before; piece++) pieces.push(joinPlanes(await run(piece, piece + 1), after));
    return concatenate(pieces);
  }
  // All pieces at once: each output plane is `before` × `after` and has to be spread over the pieces.
  const planes = await run(0, before);
  const outputs = planes.data.length;
  const whole = joinPlanes(planes, total);
  if (outputs === 1) return whole;
  const data = createValuesLike(whole.data, whole.data.length);
  const valid = whole.valid && new Uint8Array(data.length);
  for (let output = 0; output < outputs; output++)
    for (let piece = 0; piece < before; piece++) {
      const from = output * total + piece * after;
      const to = (piece * outputs + output) * after;
      copyValues(whole.data, from, data, to, after);
      valid?.set(whole.valid!.subarray(from, from + after), to);
    }
  return { outputs, data, valid };
}

/** Planes one after the other in one array. A single plane is passed on as it is. */
export function joinPlanes(planes: Planes, count: number): AlongResult {
  const outputs = planes.data.length;
  const hasValid = planes.valid?.some((valid) => valid !== undefined) ?? false;
  if (outputs === 1) return { outputs, data: planes.data[0], valid: hasValid ? planes.valid![0] : undefined };
  if (outputs === 0) return { outputs, data: new Float32Array(0) };
  const data = createValuesLike(planes.data.reduce(widest), outputs * count);
  const valid = hasValid ? new Uint8Array(data.length).fill(1) : undefined;
  planes.data.forEach((plane, output) => {
    copyValues(plane, 0, data, output * count, count);
    const validity = planes.valid?.[output];
    if (valid && validity) valid.set(validity, output * count);
  });
  return { outputs, data, valid };
}

function concatenate(pieces: readonly AlongResult[]): AlongResult {
  const hasValid = pieces.some((piece) => piece.valid);
  const length = pieces.reduce((sum, piece) => sum + piece.data.length, 0);
  const data = createValuesLike(pieces.map((piece) => piece.data).reduce(widest), length);
  const valid = hasValid ? new Uint8Array(length).fill(1) : undefined;
  let offset = 0;
  for (const piece of pieces) {
    copyValues(piece.data, 0, data, offset, piece.data.length);
    if (piece.valid) valid!.set(piece.valid, offset);
    offset += piece.data.length;
  }
  return { outputs: pieces[0]?.outputs ?? 1, data, valid };
}

/** The axis of a block at layer `position`, whose other layers have these lengths. */
export function axisAt(
  lengths: readonly number[],
  position: number,
  pixels: number,
  length: number,
  read: readonly number[],
): Axis {
  return {
    before: product(lengths.slice(0, position)),
    length,
    read,
    after: product(lengths.slice(position + 1)) * pixels,
  };
}

import { OpenEOError } from '../../base/errors';
import { type Arguments, type Callback, LabeledArray, type Plan } from '../../graph/types';
import type { ProcessContext } from '../context';
import { asCallback } from '../cubes/cube-callbacks';
import { createModel, placeOf } from './curve-model';
import { type CurveProblem, fitCurves } from './levenberg-marquardt';

const process = 'fit_curve';

/** Values that are no-data are part of arrays in callbacks. */
export const answers = ['data'];

interface Waiting {
  readonly problem: CurveProblem;
  resolve(parameters: readonly (number | null)[]): void;
  reject(error: unknown): void;
}

/** Curves of one model that are to be fitted at the end of the turn: those of many pixels, in a callback. */
interface Batch {
  readonly signal: AbortSignal;
  readonly initial: readonly number[];
  readonly waiting: Waiting[];
}

const batches = new WeakMap<Plan, Batch[]>();
const places = new WeakMap<readonly unknown[], readonly number[]>();

/** Calls that are made in the same turn for the same model are computed together. */
export function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<unknown> {
  const callback = asCallback(args.function);
  const initial = args.parameters as readonly number[];
  const problem = problemOf(args.data, args.ignore_nodata !== false);
  if (!problem) return Promise.resolve(initial.map(() => null));
  return new Promise((resolve, reject) => {
    // A model that takes values from around it is another one for each of them.
    const isShared = callback.plan.free.size === 0;
    const known = isShared ? (batches.get(callback.plan) ?? []) : [];
    let batch = known.find(
      (other) =>
        other.signal === signal &&
        other.initial.length === initial.length &&
        other.initial.every((value, k) => value === initial[k]),
    );
    if (!batch) {
      batch = { signal, initial, waiting: [] };
      known.push(batch);
      if (isShared) batches.set(callback.plan, known);
      setImmediate(fit, callback, batch, known);
    }
    batch.waiting.push({ problem, resolve, reject });
  });
}

async function fit(callback: Callback, batch: Batch, known: Batch[]): Promise<void> {
  known.splice(known.indexOf(batch), 1);
  const { signal, initial, waiting } = batch;
  try {
    const model = createModel(callback, initial.length, signal);
    const found = await fitCurves(
      waiting.map(({ problem }) => problem),
      initial,
      model,
      signal,
    );
    waiting.forEach(({ resolve }, index) => {
      resolve(found[index] ?? initial.map(() => null));
    });
  } catch (error) {
    for (const { reject } of waiting) reject(error);
  }
}

/** Undefined where a value that counts is missing. @throws OpenEOError `ProcessParameterInvalid` */
function problemOf(data: unknown, ignoreNoData: boolean): CurveProblem | undefined {
  if (!(data instanceof LabeledArray))
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'data',
      reason: 'the array needs labels: they say where the values are.',
    });
  const x: number[] = [];
  const y: number[] = [];
  const at = placesOf(data.labels);
  for (const [index, value] of data.values.entries()) {
    const isNumber = typeof value === 'number' && Number.isFinite(value);
    if (!isNumber && !ignoreNoData) return undefined;
    if (!isNumber) continue;
    x.push(at[index]);
    y.push(value);
  }
  return { x, y };
}

/** All pixels of a cube have the same list of labels. */
function placesOf(labels: readonly (number | string)[]): readonly number[] {
  const known = places.get(labels);
  if (known) return known;
  const found = labels.map((label) => placeOf(label, process, 'data'));
  places.set(labels, found);
  return found;
}

import { OpenEOError } from '../../base/errors';
import type { Callback } from '../../graph/types';
import { type Block, type Cube, type DataType, isCube } from '../../raster/cube';
import { isMissingAt } from '../../raster/missing-values';
import { callbackResultType } from './callback-result-type';
import { notSingle } from './single-value';

/** A value of a reducer. */
export type Reduced = number | string | boolean | null;

/** Takes any number of values, piece by piece, and makes one of them. */
export interface Accumulator {
  /** @param places which values of the plane that begins at `start` count; absent: its first `count`. */
  add(block: Block, missing: Cube['missing'], start: number, count: number, places?: Int32Array): void;
  finish(signal: AbortSignal): Promise<Reduced>;
  /** How many values were added, and how many of them are valid. */
  readonly total: number;
  readonly valid: number;
}

export interface ArrayReducer {
  readonly dataType: DataType;
  create(): Accumulator;
}

/** A reducer that has to see all values at once gets no more than this: an array of them has to fit into memory. */
const maxValues = 1 << 25;

type Step = (sum: number, value: number) => number;

/** Reducers that need no more than what they made of the values before. */
const steps: Readonly<Record<string, { readonly start: number; readonly step: Step }>> = {
  sum: { start: 0, step: (sum, value) => sum + value },
  mean: { start: 0, step: (sum, value) => sum + value },
  min: { start: Infinity, step: (least, value) => (value < least || Number.isNaN(value) ? value : least) },
  max: { start: -Infinity, step: (most, value) => (value > most || Number.isNaN(value) ? value : most) },
  count: { start: 0, step: (count, value) => (Number.isFinite(value) ? count + 1 : count) },
};

/** The id of a callback's only process, where it is one of `steps` with nothing but the array for an argument. */
function simpleReducer({ plan }: Callback): string | undefined {
  const [node, ...others] = plan.nodes;
  if (others.length > 0 || node.body || !Object.hasOwn(steps, node.process.id)) return undefined;
  const data = node.arguments.get('data');
  const isPlain = node.arguments.size === 1 && data?.kind === 'parameter' && data.name === 'data';
  return isPlain && node.process.namespace === 'backend' ? node.process.id : undefined;
}

function valueAt(block: Block, missing: Cube['missing'], position: number, dataType: DataType): unknown {
  if (isMissingAt(block, missing, position)) return null;
  const value = block.data[position];
  return dataType === 'boolean' && typeof value === 'number' ? value !== 0 : value;
}

/** Whether `is_valid` holds for a value. */
function isValid(value: unknown): boolean {
  return value !== null && value !== undefined && (typeof value !== 'number' || Number.isFinite(value));
}

class Streaming implements Accumulator {
  total = 0;
  valid = 0;
  #known = 0;
  #result: number;

  constructor(
    readonly id: string,
    readonly dataType: DataType,
  ) {
    this.#result = steps[id].start;
  }

  add(block: Block, missing: Cube['missing'], start: number, count: number, places?: Int32Array): void {
    const { step } = steps[this.id];
    const { data, valid: mask } = block;
    const isNan = missing === 'nan';
    let [known, finite, result] = [0, 0, this.#result];
    for (let i = 0; i < count; i++) {
      const position = start + (places ? places[i] : i);
      const value = data[position] as number;
      if (isNan ? Number.isNaN(value) : mask !== undefined && mask[position] === 0) continue;
      known++;
      if (Number.isFinite(value)) finite++;
      result = step(result, value);
    }
    this.total += count;
    this.#known += known;
    this.valid += finite;
    this.#result = result;
  }

  async finish(): Promise<Reduced> {
    if (this.id === 'count') return this.#result;
    if (this.#known === 0) return null;
    return this.id === 'mean' ? this.#result / this.#known : this.#result;
  }
}

class Collecting implements Accumulator {
  total = 0;
  valid = 0;
  readonly #values: unknown[] = [];

  constructor(
    readonly callback: Callback,
    readonly context: unknown,
    readonly dataType: DataType,
    readonly process: string,
  ) {}

  add(block: Block, missing: Cube['missing'], start: number, count: number, places?: Int32Array): void {
    for (let i = 0; i < count; i++) {
      const position = start + (places ? places[i] : i);
      const value = valueAt(block, missing, position, this.dataType);
      this.#values.push(value);
      if (isValid(value)) this.valid++;
    }
    this.total = this.#values.length;
    if (this.total > maxValues)
      throw new OpenEOError('ProcessGraphComplexity', {
        reason: `${this.process} hands its reducer more than ${maxValues} values at once; only ${Object.keys(steps).join(', ')} on their own take more`,
      });
  }

  async finish(signal: AbortSignal): Promise<Reduced> {
    const value = await this.callback.call({ data: this.#values, context: this.context ?? null }, signal);
    if (value === null || value === undefined) return null;
    if (typeof value === 'object' || isCube(value)) throw notSingle(this.process, 'reducer');
    return value as Reduced;
  }
}

/**
 * A reducer of arrays of any length, as areas have them. The order of the values is that in which they are added.
 * @throws OpenEOError `ProcessGraphComplexity` while adding, where there are too many for the reducer
 */
export function arrayReducer(
  callback: Callback,
  context: unknown,
  input: Pick<Cube, 'dataType'>,
  process: string,
): ArrayReducer {
  const { dataType } = input;
  const isNumeric = dataType !== 'text' && dataType !== 'boolean';
  const simple = isNumeric ? simpleReducer(callback) : undefined;
  return {
    dataType: simple === 'count' ? 'float64' : callbackResultType(callback, dataType),
    create: () =>
      simple ? new Streaming(simple, dataType) : new Collecting(callback, context, dataType, process),
  };
}

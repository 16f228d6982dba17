import { OpenEOError } from '../base/errors';
import { nextTurn } from '../base/pace';
import { type Cube, isCube } from '../raster/cube';
import type { Holding } from '../raster/memory/budget';
import { isCallback, LabeledArray, OpaqueHandle, SavedResult } from './types';

/** Values below this size are not worth counting. */
const smallBytes = 16_384;
/** Arrays that are so short, and hold nothing but numbers, are not remembered one by one. */
const tinyParts = 16;
/** What an element of an array takes on average: a number with its place. */
const elementBytes = 16;
/** What a run may hold in arrays, objects and texts, where nothing else is said. */
export const defaultPlainBytes = 256 * 2 ** 20;

/** How long counting goes on before others have their turn. */
const sliceMs = 10;
/** Parts that are counted between looks at the clock. */
const partsAtOnce = 4096;

/**
 * What a value takes with all that belongs to it, labels of cubes included, their pixels not; a promise of it where
 * counting takes so long that others have their turns meanwhile.
 * @param seen what was counted before, and is not counted again; what is counted now is added
 * @throws the signal's reason
 */
export function heldBytes(
  value: unknown,
  seen: WeakSet<object>,
  signal: AbortSignal,
): number | Promise<number> {
  const count = new Count(value, seen);
  return count.advance() ? count.bytes : finish(count, signal);
}

async function finish(count: Count, signal: AbortSignal): Promise<number> {
  do {
    await nextTurn();
    signal.throwIfAborted();
  } while (!count.advance());
  return count.bytes;
}

/** Counting that can be left and taken up again. */
class Count {
  bytes = 0;
  readonly #open: unknown[];
  #parts: readonly unknown[] = [];
  /** How many of the parts have been counted. */
  #done = 0;

  constructor(
    value: unknown,
    readonly seen: WeakSet<object>,
  ) {
    this.#open = [value];
  }

  /** Goes on for a while. @returns whether nothing is left */
  advance(): boolean {
    const until = performance.now() + sliceMs;
    for (let left = partsAtOnce; ; ) {
      const end = Math.min(this.#parts.length, this.#done + left);
      left -= end - this.#done + 1;
      for (; this.#done < end; this.#done++) this.#look(this.#parts[this.#done]);
      if (this.#done === this.#parts.length) {
        if (this.#open.length === 0) return true;
        this.#enter(this.#open.pop());
      }
      if (left > 0) continue;
      if (performance.now() > until) return false;
      left = partsAtOnce;
    }
  }

  #look(part: unknown): void {
    if (isTiny(part)) this.bytes += part.length * elementBytes;
    else if ((typeof part === 'object' && part !== null) || typeof part === 'string') this.#open.push(part);
  }

  #enter(item: unknown): void {
    this.#parts = [];
    this.#done = 0;
    if (typeof item === 'string') this.bytes += item.length * 2;
    if (typeof item !== 'object' || item === null || this.seen.has(item)) return;
    this.seen.add(item);
    if (ArrayBuffer.isView(item)) this.bytes += item.byteLength;
    else {
      this.#parts = partsOf(item);
      this.bytes += this.#parts.length * elementBytes;
    }
  }
}

/** Positions of geometries and the like are many: to remember each would take longer than to count it again. */
function isTiny(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length > tinyParts) return false;
  for (const part of value) if (typeof part !== 'number') return false;
  return true;
}

function partsOf(item: object): readonly unknown[] {
  if (Array.isArray(item)) return item;
  if (item instanceof LabeledArray) return [item.labels, item.values];
  if (item instanceof SavedResult) return [item.data];
  if (item instanceof OpaqueHandle || isCallback(item)) return [];
  if (!isCube(item)) return Object.values(item);
  return item.dimensions.flatMap((dimension) =>
    dimension.type === 'geometry' ? [dimension.labels, dimension.features] : [dimension.labels],
  );
}

/** @returns what a value from a process takes itself, not counting what was there before */
export function shallowBytes(value: unknown): number {
  let bytes = 0;
  if (typeof value === 'string') bytes = value.length * 2;
  else if (Array.isArray(value)) bytes = value.length * elementBytes;
  else if (value instanceof LabeledArray) bytes = value.values.length * 2 * elementBytes;
  return bytes;
}

/** Whether so little is not worth counting. */
export function isSmall(bytes: number): boolean {
  return bytes < smallBytes;
}

/** Values of a run that are neither pixels nor small. */
export class PlainValues {
  #bytes = 0;
  #shared: Holding | undefined;
  /** The most that there was at one time: it counts until the run is over. */
  #most = 0;

  /** @param hold opens an account in the memory of all runs */
  constructor(
    readonly maxBytes: number,
    readonly signal: AbortSignal,
    readonly hold?: () => Holding,
  ) {}

  /**
   * Counts a value, at once or as soon as other runs leave room for it.
   * @throws OpenEOError `MemoryLimitExceeded`, `TooManyRequests`
   */
  add(bytes: number): Promise<void> | undefined {
    this.#bytes += bytes;
    if (this.#bytes > this.maxBytes) throw plainLimitExceeded(this.#bytes, this.maxBytes);
    const more = this.#bytes - this.#most;
    if (more <= 0) return undefined;
    this.#most = this.#bytes;
    this.#shared ??= this.hold?.();
    return this.#shared?.take(more, this.signal);
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
  }

  /**
   * The run is over; its result counts for as long as somebody has it.
   * @param bytes of a result that is no cube
   * @returns nothing where that was quickly done
   * @throws the signal's reason
   */
  end(result: unknown, bytes: number): Promise<void> | undefined {
    const value = result instanceof SavedResult ? result.data : result;
    if (!isCube(value)) return this.#keep(value, bytes);
    const labels = largestLabels(value);
    const held = heldBytes(value, new WeakSet(), this.signal);
    if (typeof held === 'number') return this.#keep(labels, held);
    return held.then(
      (later) => this.#keep(labels, later),
      (error: unknown) => {
        this.#shared?.release();
        throw error;
      },
    );
  }

  #keep(lasting: unknown, held: number): undefined {
    if (held < smallBytes || typeof lasting !== 'object' || lasting === null) {
      this.#shared?.release();
      return;
    }
    this.#shared?.shrinkTo(held);
    this.#shared?.untilGone(lasting);
  }
}

/** Whatever is made of a cube has its labels: as long as they are there, so is what they take. */
function largestLabels({ dimensions }: Cube): readonly unknown[] | undefined {
  return dimensions
    .flatMap(({ labels }) => (labels ? [labels] : []))
    .reduce<readonly unknown[] | undefined>(
      (largest, labels) => (labels.length > (largest?.length ?? 0) ? labels : largest),
      undefined,
    );
}

function plainLimitExceeded(needed: number, available: number): OpenEOError {
  const show = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
  return new OpenEOError('MemoryLimitExceeded', { needed: show(needed), available: show(available) });
}

/**
 * Refuses results that are small only as long as their parts are shared, and huge when they are written out.
 * @returns what the result takes; 0 for cubes
 * @throws OpenEOError `MemoryLimitExceeded`
 */
export function refuseHugeResult(value: unknown, maxBytes: number): number {
  const open: unknown[] = [value instanceof SavedResult ? value.data : value];
  let bytes = 0;
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item === 'string') bytes += item.length * 2;
    else bytes += elementBytes;
    if (bytes > maxBytes) throw plainLimitExceeded(bytes, maxBytes);
    if (typeof item !== 'object' || item === null || isCube(item) || ArrayBuffer.isView(item)) continue;
    const parts = item instanceof LabeledArray ? item.values : Object.values(item);
    if (bytes + parts.length * elementBytes > maxBytes)
      throw plainLimitExceeded(bytes + parts.length * elementBytes, maxBytes);
    for (const part of parts) open.push(part);
  }
  return bytes;
}

/** What V8 says where a text or an array would become larger than it can hold. */
export function isTooLargeForEngine(error: unknown): boolean {
  return (
    error instanceof RangeError &&
    /^(Invalid (string|array|typed array) length|Array buffer allocation failed)/.test(error.message)
  );
}

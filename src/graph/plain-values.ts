import { OpenEOError } from '../base/errors';
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

/**
 * What a value takes with all that belongs to it, labels of cubes included, their pixels not.
 * @param seen what was counted before, and is not counted again; what is counted now is added
 */
export function heldBytes(value: unknown, seen: WeakSet<object>): number {
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item === 'string') bytes += item.length * 2;
    if (typeof item !== 'object' || item === null || seen.has(item)) continue;
    if (ArrayBuffer.isView(item)) {
      seen.add(item);
      bytes += item.byteLength;
      continue;
    }
    const parts = partsOf(item);
    bytes += parts.length * elementBytes;
    const before = open.length;
    for (const part of parts)
      if ((typeof part === 'object' && part !== null) || typeof part === 'string') open.push(part);
    // Positions of geometries and the like are many: to remember each would take longer than to count it again.
    if (open.length > before || parts.length > tinyParts) seen.add(item);
  }
  return bytes;
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

  /** The run is over; its result counts for as long as somebody has it. @param bytes of a result that is no cube */
  end(result: unknown, bytes: number): void {
    const value = result instanceof SavedResult ? result.data : result;
    const lasting = isCube(value) ? largestLabels(value) : value;
    const held = isCube(value) ? heldBytes(value, new WeakSet()) : bytes;
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

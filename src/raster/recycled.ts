import type { NumericArray } from './cube';

/**
 * Large arrays of pixels that nobody needs any more, for the next ones of the same size. Fresh memory is cleared, and its
 * pages have to come from the system; and what piles up unused makes V8 look through its heap for it.
 *
 * Only arrays that were made here can be given back, each once and by the one who has it: the array itself, not a view of
 * a part of it. Its memory goes into a new buffer at once, so that whoever still looked at it would see that it is gone.
 */

interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBuffer): T;
}

/** Smaller arrays cost little. */
const smallestBytes = 64 * 1024;
/** What a thread keeps; beyond it the oldest are let go. */
const keptBytes = 48 * 2 ** 20;

/** The memory that is kept, the oldest first. */
const kept: ArrayBuffer[] = [];
let bytes = 0;
/** The arrays that can be given back. */
const lent = new WeakSet<ArrayBufferView>();

/** An array of so many numbers, which can be anything: all of them must be written. */
export function uncleared<T extends NumericArray>(type: ArrayType<T>, length: number): T {
  const size = length * type.BYTES_PER_ELEMENT;
  if (size < smallestBytes) return new type(length);
  const place = kept.findLastIndex((buffer) => buffer.byteLength === size);
  const array = place < 0 ? new type(length) : new type(kept.splice(place, 1)[0]);
  if (place >= 0) bytes -= size;
  lent.add(array);
  return array;
}

/** So many bytes, which can be anything. */
export function unclearedBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length < smallestBytes) return new Uint8Array(length);
  const room = uncleared(Uint8Array, Math.ceil(length / smallestBytes) * smallestBytes);
  takeOver(room);
  return lend(room.subarray(0, length));
}

/**
 * An array that was not made here and that nobody else has. One that takes up little of its memory is left out: it may be
 * a part of the memory that Node's small buffers share.
 * @returns the same
 */
export function lend<T extends NumericArray>(array: T): T {
  const size = array.buffer.byteLength;
  if (size >= smallestBytes && array.byteLength > size / 2) lent.add(array);
  return array;
}

/** From now on several have the array, so that nobody can give it back. */
export function share(array: unknown): void {
  lent.delete(array as ArrayBufferView);
}

/** Whether it is an array of its own memory that can be given away. From now on it can't be given back. */
export function takeOver(array: unknown): boolean {
  return lent.delete(array as ArrayBufferView);
}

/** Gives back the arrays of what has been read, but for those that a result was made of. */
export function recycleInput(input: Arrays, result: Arrays): void {
  for (const array of [input.data, input.valid])
    if (!hasMemoryOf(result.data, array) && !hasMemoryOf(result.valid, array)) recycle(array);
}

interface Arrays {
  readonly data: unknown;
  readonly valid?: unknown;
}

function hasMemoryOf(array: unknown, other: unknown): boolean {
  return ArrayBuffer.isView(array) && ArrayBuffer.isView(other) && array.buffer === other.buffer;
}

/** Gives an array back; others than those that were made here are left as they are. */
export function recycle(array: unknown): void {
  if (!takeOver(array)) return;
  const buffer = ((array as NumericArray).buffer as ArrayBuffer).transfer();
  kept.push(buffer);
  bytes += buffer.byteLength;
  while (bytes > keptBytes) {
    const oldest = kept.shift()!;
    bytes -= oldest.byteLength;
    oldest.transfer(0);
  }
}

/** Frees an array's memory at once, where arrays of its size are never asked for. */
export function discard(array: unknown): void {
  if (takeOver(array)) ((array as NumericArray).buffer as ArrayBuffer).transfer(0);
}

/** A JSON value as it arrives. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** True when a value from outside nests deeper than `limit`. Never recurses, and ends for cyclic values. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    const next: unknown[] = [];
    for (const item of level)
      if (typeof item === 'object' && item !== null)
        for (const child of Array.isArray(item) ? item : Object.values(item))
          if (typeof child === 'object' && child !== null) next.push(child);
    level = next;
  }
  return false;
}

/**
 * Whether an array has no objects down to so many levels of arrays and none below, as coordinates. Looking only so deep
 * bounds what it costs to ask again at every level.
 */
export function isNestedArray(value: readonly unknown[], levels = 4): boolean {
  for (const item of value) {
    if (typeof item !== 'object' || item === null) continue;
    if (levels === 1 || !Array.isArray(item) || !isNestedArray(item, levels - 1)) return false;
  }
  return true;
}

/** How many parts a value has, those in arrays and objects counted one by one; counting ends beyond `limit`. Never recurses. */
export function countParts(value: unknown, limit: number): number {
  const open: unknown[] = [value];
  let count = 0;
  while (open.length > 0 && count <= limit) {
    const item = open.pop();
    count++;
    if (typeof item !== 'object' || item === null) continue;
    // Binary data is taken for its bytes: nobody wants to see them one by one.
    const children = ArrayBuffer.isView(item) ? [] : Array.isArray(item) ? item : Object.values(item);
    count += ArrayBuffer.isView(item) ? item.byteLength : 0;
    if (count + children.length > limit) return count + children.length;
    for (const child of children) open.push(child);
  }
  return count;
}

/** What a number, a truth value, an array or an object of JSON takes in memory, with its place. */
const partBytes = 32;

/** Bytes that JSON takes as values of JavaScript, as a rule. Never recurses. */
export function jsonBytes(value: unknown): number {
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0) {
    const item = open.pop();
    bytes += partBytes + (typeof item === 'string' ? item.length : 0);
    if (typeof item !== 'object' || item === null) continue;
    for (const child of Array.isArray(item) ? item : Object.values(item)) open.push(child);
  }
  return bytes;
}

/** A JSON Schema with openEO's `subtype` keyword. */
export type JsonSchema = { readonly [key: string]: unknown };

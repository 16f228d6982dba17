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
        for (const child of Object.values(item))
          if (typeof child === 'object' && child !== null) next.push(child);
    level = next;
  }
  return false;
}

/** True when JSON has more than `limit` values, those in arrays and objects counted one by one. Never recurses. */
export function isLargerThan(value: unknown, limit: number): boolean {
  const open: unknown[] = [value];
  let left = limit;
  while (open.length > 0) {
    if (--left < 0) return true;
    const item = open.pop();
    if (typeof item !== 'object' || item === null) continue;
    const children = Object.values(item);
    if (children.length > left) return true;
    for (const child of children) open.push(child);
  }
  return false;
}

/** A JSON Schema with openEO's `subtype` keyword. */
export type JsonSchema = { readonly [key: string]: unknown };

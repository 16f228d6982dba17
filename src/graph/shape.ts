/** Levels of arrays and objects in a process graph as JSON; what walks graphs may recurse this far. */
export const maxJsonDepth = 500;

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

/** An object as JSON has them, also one without a prototype; no array. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A deeply frozen copy of JSON; `__proto__` stays an ordinary key. */
export function freezeCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(freezeCopy));
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, freezeCopy(item)])),
  );
}

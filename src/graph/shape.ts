/** Levels of arrays and objects in a process graph as JSON; what walks graphs may recurse this far. */
export const maxJsonDepth = 500;

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
